// Light, dark or as the system has it. Runs before the page is drawn, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const states = ["system", "light", "dark"];
  const labels = { system: "as the system has it", light: "light", dark: "dark" };

  const read = () => {
    try {
      const stored = localStorage.getItem("broadsheet:theme");
      return states.includes(stored) ? stored : "system";
    } catch {
      return "system";
    }
  };

  const show = (state) => {
    if (state === "system") delete root.dataset.theme;
    else root.dataset.theme = state;
  };

  // Opened as a file, a link to a folder would show its listing instead of its page.
  if (location.protocol === "file:") {
    document.addEventListener("click", ({ target }) => {
      const link = target.closest("a[href]");
      if (link?.protocol === "file:" && link.pathname.endsWith("/")) link.pathname += "index.html";
    });
  }

  root.classList.add("js");
  show(read());

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.createElement("button");
    button.className = "theme-switch";
    document.querySelector(".tools")?.append(button);
    const say = (state) => {
      button.setAttribute("aria-label", `Colours: ${labels[state]}`);
      button.title = button.getAttribute("aria-label");
    };
    let state = read();
    say(state);
    button.addEventListener("click", () => {
      state = states[(states.indexOf(state) + 1) % states.length];
      show(state);
      say(state);
      try {
        localStorage.setItem("broadsheet:theme", state);
      } catch {
        // Without storage the choice lasts as long as the page.
      }
    });
  });
})();
