import { base, escape } from "../html.js";

export default class {
  data() {
    return {
      pagination: { data: "collections.overviews", size: 1, alias: "overview" },
      permalink: ({ overview }) => overview.url,
      eleventyExcludeFromCollections: true,
    };
  }

  render({ overview }) {
    return base({
      title: `${overview.title} · Papers`,
      url: overview.url,
      main: `<h1>${overview.title}</h1>
<ul>
${overview.groups.map(entry).join("")}</ul>`,
    });
  }
}

function entry({ base, title, papers }) {
  return `<li><a href="/papers${base}">${escape(title)}</a> ${papers.length}</li>\n`;
}
