/** The guides and the reference as a site, by TypeDoc with the settings of `typedoc.json`. */
import { join } from "node:path";
import { Application, DefaultTheme, DefaultThemeRenderContext, JSX, StructureRouter, TSConfigReader, TypeDocReader } from "typedoc";
import { root } from "../workspace.mjs";

/**
 * @param {import("./pages.mjs").Pages & { out: string }} options `out`: the folder of the site
 * @returns {Promise<boolean>} whether there was nothing to warn of
 */
export async function writeReference({ out, readme, documents, addresses }) {
  const app = await Application.bootstrapWithPlugins({ options: join(root, "typedoc.json"), out, readme, projectDocuments: documents }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  app.renderer.defineRouter("site", routerFor(addresses));
  app.renderer.defineTheme("site", SiteTheme);
  app.options.setValue("router", "site");
  app.options.setValue("theme", "site");
  const links = { Guides: "guides.html", Reference: "modules.html", Playground: "playground/index.html" };
  app.renderer.hooks.on("sidebar.begin", (context) => navigation("site-links", links, context));
  const project = await app.convert();
  if (project === undefined) return false;
  app.validate(project);
  await app.generateOutputs(project);
  return !app.logger.hasErrors() && !app.logger.hasWarnings();
}

// --- internal helpers ---

/** Where a newcomer may begin. */
const START = {
  "Get started": "guides/get-started.html",
  "Try it in the browser": "playground/index.html",
  "Dropout explained": "guides/dropout.html",
  "Coming from PyTorch": "guides/coming-from-pytorch.html",
};

/** TypeDoc's own theme, with a row of links on the front page. */
class SiteTheme extends DefaultTheme {
  /** @override @param {import("typedoc").PageEvent<import("typedoc").Reflection>} page */
  getRenderContext(page) {
    const context = new DefaultThemeRenderContext(this.router, this, page, this.application.options);
    const { indexTemplate } = context;
    context.indexTemplate = (props) =>
      JSX.createElement(JSX.Fragment, null, navigation("site-start", START, context), indexTemplate(props));
    return context;
  }
}

/** @param {string} name @param {Readonly<Record<string, string>>} places @param {DefaultThemeRenderContext} context */
function navigation(name, places, context) {
  const links = Object.entries(places).map(([label, url]) => JSX.createElement("a", { href: context.relativeURL(url) ?? url }, label));
  return JSX.createElement("nav", { class: name, "aria-label": name === "site-links" ? "Site" : "Where to begin" }, ...links);
}

/** Addresses that a reader can type: guides/dropout.html, reference/core/nn/Dropout.html. @param {ReadonlyMap<string, string>} addresses */
function routerFor(addresses) {
  return class SiteRouter extends StructureRouter {
    /** @override @param {import("typedoc").Reflection} reflection */
    getIdealBaseName(reflection) {
      if (reflection.isDocument()) return addresses.get(reflection.getFullName()) ?? `pages/${super.getIdealBaseName(reflection)}`;
      return `reference/${super.getIdealBaseName(reflection).replace(/^[^/]*dropwise\//, "")}`;
    }
  };
}
