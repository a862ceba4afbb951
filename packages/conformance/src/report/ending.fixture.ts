/** A run whose backend has left a server running. */
import { createServer } from "node:net";
import { endThough } from "./ending.ts";

createServer().listen(0, "127.0.0.1");
process.exitCode = 1;
console.log("the table");
endThough();
