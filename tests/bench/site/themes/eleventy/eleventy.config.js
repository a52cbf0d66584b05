// The fastest that Eleventy's manual tells of: templates in JavaScript, Markdown that passes through
// no template language, data from one file a folder.
import { byDay, feeds, lists, overviews } from "./lists.js";

export default function (config) {
  config.addPassthroughCopy({ "style.css": "style.css" });
  config.setDataFileSuffixes([""]);

  const neighbours = new Map();
  config.addJavaScriptFunction("neighbours", (url) => neighbours.get(url) ?? {});
  config.addCollection("lists", (api) => {
    const papers = byDay(api.getFilteredByTag("papers"));
    papers.forEach((paper, place) => {
      neighbours.set(paper.url, { later: papers[place - 1], earlier: papers[place + 1] });
    });
    return lists(papers);
  });
  config.addCollection("feeds", (api) => feeds(byDay(api.getFilteredByTag("papers"))));
  config.addCollection("overviews", (api) => overviews(byDay(api.getFilteredByTag("papers"))));

  return {
    dir: { input: "content", includes: "../_includes", data: "../_data", output: "_site" },
    markdownTemplateEngine: false,
    pathPrefix: "/papers/",
  };
}
