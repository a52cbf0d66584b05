// The index, held where it keeps nobody waiting. As a module Worker this file answers the page that
// started it; imported, it answers whoever gives `serve` a port. A question is {id, method, args},
// an answer {id, value} or {id, error}; {id, method: "abort"} takes a question back.
import { normalize, openIndex, stem } from "./search.js";

const OFFERED = 50; // organizations that are offered at once
const MARKED = 200; // terms that a page may look for in what it shows

const site = new URL("../", import.meta.url).href; // this file lives in search/ of the site
let opening = null;
let organizations = []; // of the last facets: [name, count], the most frequent first

const methods = {
  about: ({ topics, documents }) => ({ topics, documents }),
  suggest: (index, signal, query) => index.suggest(query, { signal }),
  passage: (index, signal, id, terms) => index.passage(id, terms, { signal }),

  async search(index, signal, query, options) {
    const answer = await index.search(query, { ...options, signal });
    return { ...answer, terms: fewTerms(answer) };
  },

  /** Counts by filter as pairs of value and count; of organizations the most frequent ones. */
  async facets(index, signal, query, options) {
    const asked = { ...options, limit: 0, facets: true, signal };
    const { facets } = await index.search(query, asked);
    organizations = byCount(facets.organization);
    return {
      topic: byCount(facets.topic),
      year: byCount(facets.year).sort(([a], [b]) => b - a),
      organization: organizations.slice(0, OFFERED),
      code: facets.code,
    };
  },

  /** The organizations of the last facets in whose names a text stands, where they begin first. */
  organizations(_, __, typed) {
    const wanted = normalize(typed);
    const places = organizations.map((pair) => [normalize(pair[0]).indexOf(wanted), pair]);
    const fitting = places.filter(([place]) => place >= 0);
    const exact = ([, [name]]) => (normalize(name) === wanted ? 0 : 1);
    fitting.sort((a, b) => exact(a) - exact(b) || Math.sign(a[0]) - Math.sign(b[0]));
    return fitting.slice(0, OFFERED).map(([, pair]) => pair);
  },
};

const byCount = (counts) => Object.entries(counts).sort(([, a], [, b]) => b - a);

/** A wildcard may mean all words there are: then those of them that stand in the results. */
function fewTerms({ terms, results }) {
  if (terms.length <= MARKED) return terms;
  const all = new Set(terms);
  const texts = results.map((r) => `${r.title} ${r.organization} ${r.authors} ${r.excerpt}`);
  const stems = texts.flatMap((text) => normalize(text).split(" ").map(stem));
  return [...new Set(stems)].filter((term) => all.has(term));
}

export function serve(port) {
  const running = new Map();
  port.onmessage = async ({ data: { id, method, args } }) => {
    if (method === "abort") {
      running.get(id)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const index = await open();
      controller.signal.throwIfAborted();
      port.postMessage({ id, value: await methods[method](index, controller.signal, ...args) });
    } catch (error) {
      port.postMessage({ id, error: `${error?.message ?? error}` });
    } finally {
      running.delete(id);
    }
  };
  port.postMessage({ ready: true });
}

/** The index, opened once; a failure is not kept. */
function open() {
  opening ??= openIndex(site).catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) serve(self);
