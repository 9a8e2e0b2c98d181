/** A shader as a string; comments and spare blanks are taken out when it is bundled. */
declare module "*.wgsl" {
  const source: string;
  export default source;
}
