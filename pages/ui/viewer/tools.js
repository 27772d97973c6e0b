// The row of buttons above the pictures, the list of keys, and what both do. Nothing here asks the server.
const WINDOWS = { "whole range": null, "white matter": [0.35, 0.75], bright: [0.5, 1], dark: [0, 0.5] };
const KEYS = [
  ["wheel, arrow keys", "another level; PageUp, PageDown: five"],
  ["drag", "grey window: right wider, up brighter"],
  ["W", "next grey window"],
  ["M", "hide or show mask, outlines and numbers"],
  ["O", "mask as outline or filled"],
  ["[ and ]", "the region before, the next region"],
  ["+ and -, Ctrl + wheel", "zoom"],
  ["Shift + drag", "move the enlarged picture"],
  ["double click, F", "one large picture, and back"],
  ["R", "window, zoom and mask as at first"],
  ["P, E, G, X", "paint, erase, grow, delete a region; again or Esc: leave"],
  ["U", "undo the last correction"],
  ["?", "this list"],
];
const MOST = 8; // times enlarged

function toolbar(root, own, act) {
  const bar = root.previousElementSibling;
  bar.hidden = !own.data.tools;
  if (!bar.children.length) {
    const options = Object.keys(WINDOWS).map((name) => `<option>${name}</option>`).join("");
    const button = (name, words, key) => `<button data-does="${name}" title="Key ${key}">${words}</button>`;
    bar.innerHTML = `<label>Window <select>${options}</select></label>${button("outline", "Outline", "O")}
      ${button("hide", "Hide overlay", "M")}${button("large", "Large", "F")}${button("reset", "Reset view", "R")}
      ${button("help", "Keys", "?")}<output></output><table hidden>${KEYS.map(
        ([key, words]) => `<tr><th>${key}</th><td>${words}</td></tr>`).join("")}</table>`;
    bar.querySelector("select").onchange = (event) => act("window", event.target.value);
    bar.onclick = (event) => event.target.dataset?.does && act(event.target.dataset.does);
  }
  const name = Object.keys(WINDOWS).find((one) => String(WINDOWS[one]) === String(own.window));
  bar.querySelector("select").value = name ?? "";
  const pressed = { outline: own.outline, hide: own.hidden, large: own.large !== null, help: own.help };
  for (const [does, on] of Object.entries(pressed))
    bar.querySelector(`[data-does=${does}]`).setAttribute("aria-pressed", on);
  bar.querySelector("table").hidden = !own.help;
  editBar(bar, own, act);
  return bar;
}

// Changes the viewer's own state; true where there was something to do.
function does(own, what, value, panel) {
  const names = Object.keys(WINDOWS), { view } = own;
  const zoomed = (times) => (view.scale = Math.min(Math.max(view.scale * times, 1), MOST));
  const now = names.findIndex((name) => String(WINDOWS[name]) === String(own.window));
  const deeds = {
    window: () => (own.window = WINDOWS[value]),
    next: () => (own.window = WINDOWS[names[(now + 1) % names.length]]),
    outline: () => (own.outline = !own.outline),
    hide: () => (own.hidden = !own.hidden),
    large: () => (own.large = own.large === null ? panel : null),
    help: () => (own.help = !own.help),
    closer: () => zoomed(1.25),
    farther: () => zoomed(0.8),
    reset: () => Object.assign(own, { window: null, outline: false, hidden: false, view: { scale: 1, x: 0.5, y: 0.5 } }),
  };
  deeds[what]?.();
  return what in deeds;
}

const DEED_OF = { m: "hide", o: "outline", w: "next", r: "reset", f: "large", "?": "help", "+": "closer", "=": "closer",
  "-": "farther" };
