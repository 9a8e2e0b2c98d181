// Keeps the page's own files, and nothing else, so that it opens without a network. The build fills in the two constants.
const CACHE = `dropwise-playground-${"%VERSION%"}`;
const FILES = ["%FILES%"];

self.addEventListener("install", (event) => {
  // Past the browser's own cache, which may hold files of an older build.
  const requests = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(requests))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("dropwise-playground-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(request.mode === "navigate" ? newestPage(request) : keptFile(request));
});

/** The page from the network, so that a new build is seen at once; the kept one without a network. */
async function newestPage(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match("./", { ignoreVary: true })) ?? Response.error();
  }
}

/** Other files carry a hash in their name and never change, whatever headers they are asked for with. */
async function keptFile(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
