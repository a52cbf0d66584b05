// Asks engines in a page and times them, from the call to the ids of the first ten papers. Every
// engine starts when it is first asked. `ask(engine, text)` gives {ms, still}: `still` is the longest
// time in ms for which the page did nothing else meanwhile. A clock that ticks tells it: Chromium's
// "longtask" leaves out what runs as the continuation of a fetch, such as loading an index.
const SHOWN = 10;
const QUIET = 60; // ms after an answer that still belong to it

const engines = { ours, pagefind, lunr };
const started = new Map();

window.ask = (name, text) =>
  timed(async () => {
    if (!started.has(name)) started.set(name, engines[name]());
    const search = await started.get(name);
    await search(text);
  });

/** Types a text into the search page, which is this page then, and waits for ten new papers. */
window.type = (text) => {
  const list = document.querySelector("#search-results");
  for (const paper of list.children) paper.dataset.old = "";
  const shown = () => list.children.length >= SHOWN && !list.querySelector("[data-old]");
  return timed(async () => {
    const input = document.querySelector("#search-q");
    input.value = text;
    input.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
    await new Promise((resolve) => {
      const observer = new MutationObserver(() => shown() && resolve(observer.disconnect()));
      observer.observe(list, { childList: true });
    });
    await new Promise(requestAnimationFrame);
  });
};

async function timed(work) {
  const clock = ticking();
  await pause(0);
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  await pause(QUIET);
  return { ms, still: clock() };
}

/** Starts a clock; asked, it stops and says how long it stood still at the longest. */
function ticking() {
  let last = performance.now();
  let longest = 0;
  let timer = 0;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    timer = setTimeout(tick);
  };
  tick();
  return () => {
    clearTimeout(timer);
    return longest;
  };
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Our reader in a Worker. */
async function ours() {
  const worker = new Worker("/bench/worker.js", { type: "module" });
  return (text) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
      worker.postMessage({ text, limit: SHOWN });
    });
}

/** Pagefind as its guide has it; it has a Worker of its own. */
async function pagefind() {
  const index = await import("/pagefind/pagefind.js");
  await index.init();
  return async (text) => {
    const { results } = await index.search(text);
    const shown = await Promise.all(results.slice(0, SHOWN).map((result) => result.data()));
    return shown.map(({ url }) => url.split("/").at(-2));
  };
}

/** One whole lunr.js index, in the page. */
async function lunr() {
  const script = Object.assign(document.createElement("script"), { src: "/lunr/lunr.js" });
  const loaded = new Promise((resolve) => script.addEventListener("load", resolve));
  document.head.append(script);
  await loaded;
  const index = window.lunr.Index.load(await (await fetch("/lunr/lunr.json")).json());
  return async (text) => index.search(text).slice(0, SHOWN).map(({ ref }) => ref);
}
