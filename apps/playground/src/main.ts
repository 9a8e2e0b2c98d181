import "./styles/base.css";
import "./styles/parts.css";
import { h } from "./dom/h";
import { masksPanel } from "./panels/masks/panel";
import { Device } from "./shell/device";
import { tabs } from "./shell/tabs";
import { themeChoice } from "./shell/theme";

const device = new Device();
const theme = themeChoice();
const { bar, body } = tabs([
  { id: "masks", label: "Masks", open: async () => masksPanel(device) },
  { id: "layers", label: "Module and function", open: async () => (await import("./panels/layers/panel")).layersPanel(device) },
  { id: "training", label: "Training", open: async () => (await import("./panels/training/panel")).trainingPanel(device) },
  { id: "speed", label: "Speed", open: async () => (await import("./panels/speed/panel")).speedPanel(device) },
]);

document
  .getElementById("app")
  ?.append(
    h(
      "header",
      {},
      h("div", { class: "title" }, h("h1", {}, "Dropwise playground"), theme),
      h("p", { class: "lead" }, "Dropout on your own device. Every number here is computed in this browser; nothing is sent anywhere."),
      device.element,
      bar,
    ),
    h("main", {}, body),
  );

// Keeps the page for the time without a network. Not while developing, where files change under it.
if (import.meta.env.PROD && "serviceWorker" in navigator && isSecureContext) {
  navigator.serviceWorker.register("./sw.js").catch(() => {}); // forbidden here: the page works, but only with a network
}
