/** The one worker script of the page; each panel starts it anew and uses its part. */
import { expose } from "comlink";
import { Lab } from "./lab";

expose(new Lab());
