/** Follows every link of the finished site, on this machine only, anchors included. */
import { LinkChecker, LinkState } from "linkinator";

/**
 * @param {string} folder of the site
 * @returns {Promise<{ checked: number, broken: string[] }>} how many pages and files there are, and the links that lead nowhere
 */
export async function checkLinks(folder) {
  const checker = new LinkChecker();
  const { links } = await checker.check({
    path: ["/", "/playground/"],
    serverRoot: folder,
    recurse: true,
    checkFragments: true,
    concurrency: 50,
    // Other sites may be down, and this machine may be offline.
    linksToSkip: async (link) => !new URL(link).host.startsWith("localhost"),
  });
  const broken = links.filter(({ state }) => state === LinkState.BROKEN);
  return {
    checked: links.filter(({ state }) => state === LinkState.OK).length,
    broken: [...new Set(broken.map(({ url, parent }) => `${url} in ${parent || "the front page"}`))],
  };
}
