import { base, escape, organization, topics } from "../html.js";

export default class {
  render(data) {
    const title = escape(data.title);
    const { earlier, later } = this.neighbours(data.page.url);
    const names = data.authors.map(escape);
    const citation = names.map((name) => `<meta name="citation_author" content="${name}">\n`);
    return base({
      title: `${title} · Papers`,
      url: data.page.url,
      head: `<meta name="description" content="${escape(data.description)}">
<meta name="citation_title" content="${title}">
${citation.join("")}<meta name="citation_publication_date" content="${data.issued}">
`,
      main: `<article>
<h1>${title}</h1>
<p class="byline">${names.join(", ")}</p>
<p class="affiliation">${organization(data.organization)}</p>
<dl class="facts">
<div><dt>Published</dt><dd><time datetime="${data.issued}">${data.issued}</time></dd></div>
<div><dt>Listed</dt><dd><a href="/papers/days/${data.listed}/"><time datetime="${data.listed}">${data.listed}</time></a></dd></div>
<div><dt>Venue</dt><dd>${escape(data.venue)}</dd></div>
</dl>
<section class="abstract" aria-label="Abstract">${data.content}</section>
${topics(data.topics)}</article>
<nav class="neighbours" aria-label="Earlier and later">
${neighbour(earlier, "prev", "Earlier")}${neighbour(later, "next", "Later")}</nav>`,
    });
  }
}

function neighbour(paper, rel, word) {
  if (!paper) return "";
  return `<a href="/papers${paper.url}" rel="${rel}">${word}: ${escape(paper.data.title)}</a>\n`;
}
