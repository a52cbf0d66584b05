// Only while serving: reloads the page when it may be another, and shows why a build failed.

const { src } = document.currentScript;
const { search, searchParams } = new URL(src);
const version = searchParams.get("version");
const events = new EventSource(new URL(`events${search}`, src));
let banner = null;

events.addEventListener("message", ({ data }) => {
  const state = JSON.parse(data);
  if (state.version !== version) location.reload();
  else show(state.problems);
});

function show(problems) {
  banner?.remove();
  banner = null;
  if (problems.length === 0) return;
  banner = document.createElement("pre");
  banner.id = "broadsheet-problems";
  banner.setAttribute("role", "alert");
  banner.textContent = ["This is the site before your last change:", ...problems].join("\n");
  Object.assign(banner.style, {
    position: "fixed",
    inset: "auto 0 0 0",
    zIndex: "1000",
    maxHeight: "50vh",
    margin: "0",
    padding: "0.75rem 1rem",
    overflow: "auto",
    whiteSpace: "pre-wrap",
    font: "0.875rem/1.5 ui-monospace, monospace",
    color: "#fff",
    background: "#7a1417",
  });
  document.body.append(banner);
}
