/** Layouts of masks, for the streams. */
export { layoutOf } from "../cpu/layout";
