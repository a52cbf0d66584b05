// What all pages have in common.
import { slug, TITLES } from "./lists.js";

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as HTML, also within quotes. */
export function escape(text) {
  return String(text).replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign]);
}

/** A whole page. */
export function base({ title, url, head = "", main }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="canonical" href="https://example.org/papers${url}">
<link rel="stylesheet" href="/papers/style.css">
${head}</head>
<body>
<header class="masthead">
<a href="/papers/">Papers</a>
<nav aria-label="Main">
<ul>
<li><a href="/papers/">Today</a></li>
<li><a href="/papers/months/">Archive</a></li>
<li><a href="/papers/topics/">Topics</a></li>
<li><a href="/papers/organizations/">Organizations</a></li>
</ul>
</nav>
</header>
<main>
${main}
</main>
<footer>
<p><a href="/papers/">Papers</a> A list of papers.</p>
<ul>
<li><a href="/papers/feed.xml">Feed</a></li>
<li><a href="/papers/days/">Days</a></li>
<li><a href="/papers/weeks/">Weeks</a></li>
</ul>
</footer>
</body>
</html>
`;
}

/** The topics of a paper as links. */
export function topics(slugs) {
  if (!slugs.length) return "";
  const links = slugs.map((name) => `<li><a href="/papers/topics/${name}/">${TITLES[name]}</a></li>`);
  return `<ul class="topics" aria-label="Topics">\n${links.join("\n")}\n</ul>\n`;
}

/** The organisation of a paper as a link. */
export function organization(name) {
  return name ? `<a href="/papers/organizations/${slug(name)}/">${escape(name)}</a>` : "";
}
