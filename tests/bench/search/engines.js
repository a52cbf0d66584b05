// Every engine as one function: a text gives the ids of the first ten papers, best first.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import lunr from "lunr";
import MiniSearch from "minisearch";
import { SITE, diskFetch } from "./disk.js";

const SHOWN = 10;
let opened = 0;

/** Our reader over the site in a folder; `options` beside the limit. */
export async function ours({ reader, folder, options }, fetch = diskFetch(folder)) {
  const { openIndex } = await import(pathToFileURL(reader));
  const index = await openIndex(SITE, fetch);
  const asked = { limit: SHOWN, ...options };
  return async (text) => idsOf((await index.search(text, asked)).results);
}

/** A whole lunr.js index. What it takes for an error finds nothing. */
export async function wholeLunr({ folder }) {
  const index = lunr.Index.load(JSON.parse(await readFile(`${folder}/lunr.json`, "utf8")));
  return (text) => {
    try {
      return index.search(text).slice(0, SHOWN).map(({ ref }) => ref);
    } catch (error) {
      if (error instanceof lunr.QueryParseError) return [];
      throw error;
    }
  };
}

/** MiniSearch with boosts, and with more of its documented options. */
export async function miniSearch({ folder, boosts, options }) {
  const index = await readFile(`${folder}/minisearch.json`, "utf8");
  const loaded = MiniSearch.loadJSON(index, { fields: Object.keys(boosts) });
  return (text) => idsOf(loaded.search(text, { boost: boosts, ...options }).slice(0, SHOWN));
}

/** Pagefind with its defaults, from cold. It reads with the global fetch. */
export async function pagefind({ folder }, fetch = diskFetch(folder)) {
  globalThis.fetch = fetch;
  const script = pathToFileURL(`${folder}/pagefind/pagefind.js`);
  script.search = `${opened++}`; // a module of its own, so that it remembers nothing
  const module = await import(script);
  const index = await module.createInstance({ basePath: `${SITE}/pagefind/` });
  return async (text) => {
    const { results } = await index.search(text);
    const shown = await Promise.all(results.slice(0, SHOWN).map((result) => result.data()));
    return shown.map(({ url }) => url.split("/").at(-2));
  };
}

function idsOf(results) {
  return results.map(({ id }) => id);
}
