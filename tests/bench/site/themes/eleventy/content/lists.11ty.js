import { base, escape, organization, topics } from "../html.js";

export default class {
  data() {
    return {
      pagination: { data: "collections.lists", size: 1, alias: "list" },
      permalink: ({ list }) => list.url,
      eleventyExcludeFromCollections: true,
    };
  }

  render({ list }) {
    const title = escape(list.title);
    const feed = list.feed
      ? `<link rel="alternate" href="/papers${list.feed}" type="application/rss+xml" title="${title}">\n`
      : "";
    return base({
      title: list.base === "/" ? title : `${title} · Papers`,
      url: list.url,
      head: feed,
      main: `<h1>${title}</h1>
<ol class="papers">
${list.papers.map(list.onlyTitles ? line : card).join("")}</ol>
${pager(list)}`,
    });
  }
}

function line({ url, data }) {
  return `<li><a href="/papers${url}">${escape(data.title)}</a> ${escape(data.byline)}</li>\n`;
}

function card({ url, data }) {
  return `<li class="paper">
<h2><a href="/papers${url}">${escape(data.title)}</a></h2>
<p class="paper-meta">
${organization(data.organization)}
<span>${escape(data.byline)}</span>
<time datetime="${data.issued}">${data.issued}</time>
</p>
<p>${escape(data.description)}</p>
${topics(data.topics)}</li>
`;
}

function pager({ number, total, newer, older }) {
  if (total === 1) return "";
  return `<nav class="pager" aria-label="Pages">
${newer ? `<a href="/papers${newer}" rel="prev">Newer</a>\n` : ""}<span>Page ${number} of ${total}</span>
${older ? `<a href="/papers${older}" rel="next">Older</a>\n` : ""}</nav>`;
}
