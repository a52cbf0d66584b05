// Looks for what the address says that was not found: puts its words into the search box and shows
// what they find. The index is fetched for this page only, once the page itself stands.
const MOST = 5;

const box = document.getElementById("lookup");
const place = document.querySelector(".lookup-found");
const root = new URL(document.documentElement.dataset.root, location.href).href;

/** The words of the last part of the address that has some. */
function words() {
  const parts = location.pathname.split("/").map(said).filter(Boolean);
  const last = parts.pop() ?? "";
  return last === "404" ? "" : last.slice(0, 120);
}

function said(part) {
  return decoded(part)
    .replace(/\.(html?|bib|ris|json|xml)$/i, "")
    .replace(/[-_+~^:*\s]+/g, " ")
    .trim();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function showFound(query) {
  // The search lies beside assets/ in the built site.
  const [{ Client }, { paper }] = await Promise.all([
    import("../search/client.js"),
    import("../search/results.js"),
  ]);
  const client = new Client();
  const { topics } = await client.call("about", []);
  const results = await found(client, query);
  place.querySelector("ol").replaceChildren(
    ...results.map((result) => paper({ root, topics }, result, [])),
  );
  place.hidden = !results.length;
}

/** What all the words find, else their nearest spelling, else any of them. */
async function found(client, query) {
  const search = async (words, all) =>
    (await client.call("search", [words, { all, typing: true, limit: MOST }])).results;
  const all = await search(query, true);
  if (all.length) return all;
  const spelling = await client.call("suggest", [query]);
  const near = spelling ? await search(spelling, true) : [];
  return near.length ? near : search(query, false);
}

if (box && !box.value) box.value = words();
if (place && box?.value) showFound(box.value).catch(() => {}); // the form is there all the same
