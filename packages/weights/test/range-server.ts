/** A server of one file, with whatever faults a test asks for. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does otherwise than it should. */
export interface Faults {
  /** Answers each request itself where it returns true. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse, index: number) => boolean;
  /** Does not know ranges. */
  readonly whole?: boolean;
  /** The entity tag of a request. */
  readonly etag?: (index: number) => string;
}

/** Serves bytes while `use` runs; gives what it gives. */
export async function serving<T>(
  bytes: Uint8Array,
  faults: Faults,
  use: (url: string, requests: readonly (string | undefined)[]) => Promise<T>,
): Promise<T> {
  const requests: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const index = requests.length;
    const { range } = request.headers;
    requests.push(range);
    if (faults.answer?.(request, response, index)) return;
    response.setHeader("etag", faults.etag?.(index) ?? '"1"');
    const found = faults.whole ? null : /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
    if (found === null) {
      response.writeHead(200, { "content-length": bytes.length }).end(bytes);
      return;
    }
    const start = Number(found[1]);
    const end = Math.min(Number(found[2]) + 1, bytes.length);
    if (start >= bytes.length) response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    else response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` }).end(bytes.subarray(start, end));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model.safetensors`, requests);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
