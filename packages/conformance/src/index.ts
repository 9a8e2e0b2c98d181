/** The conformance suite of Dropwise's backends. */
export { type BackendUnderTest, describeBackend, type Skip } from "./describe-backend";
