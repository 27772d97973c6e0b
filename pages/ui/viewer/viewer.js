// Panels of grey pictures with overlays. State that is the viewer's own (grey window, zoom, level on its way) lives on
// the root element, because Streamlit calls this function again with every new `data`.
const FIGURE = `<figure><div class="frame"><canvas role="img"></canvas><span class="side left"></span>
  <span class="side right"></span><span class="side top"></span><span class="side bottom"></span>
  <span class="window"></span><span class="stamp"></span></div><figcaption></figcaption></figure>`;

export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector(".panels");
  const own = (root.own ??= { asked: null, drag: null, turned: 0, large: null, help: false, over: data.panels.length - 1,
    tool: null, pen: 5, stroke: null, strokes: [] });
  if (!own.view) does(own, "reset");
  own.data = data;
  own.pending = false;
  own.strokes = own.strokes.filter((one) => one.number > data.taken);
  if (own.asked === data.level) own.asked = null;
  root.dataset.level = data.level ?? "";
  root.setAttribute("aria-label", data.level === null ? "Pictures" : `Slices, level ${data.level}`);

  while (root.children.length > data.panels.length) root.lastElementChild.remove();
  while (root.children.length < data.panels.length) root.insertAdjacentHTML("beforeend", FIGURE);
  Promise.all(data.panels.map((panel, index) => show(root.children[index], panel, index))).then(() => {
    repaint();
    root.dataset.draws = Number(root.dataset.draws ?? 0) + 1; // for tests and the benchmark: all is on the screen
  });
  if (own.asked !== null) ask(own.asked);

  async function show(figure, panel, index) {
    figure.panel = panel;
    figure.mirrored = data.mirrored && panel.sides.includes("L"); // with an L there is an R
    const [left, right, top, bottom] = panel.sides;
    const letters = { left: figure.mirrored ? right : left, right: figure.mirrored ? left : right, top, bottom };
    for (const [place, letter] of Object.entries(letters)) figure.querySelector("." + place).textContent = letter;
    figure.querySelector("figcaption").textContent = panel.title;
    figure.querySelector(".stamp").textContent = panel.stamp;
    const canvas = figure.querySelector("canvas");
    canvas.setAttribute("aria-label", panel.title || "picture");
    listen(figure, canvas, index);
    const images = await Promise.all([panel.picture, panel.overlay, panel.values].map(async (url, which) => {
      if (!url) return null;
      const kept = figure.images?.[which];
      const image = kept?.src === url ? kept : Object.assign(new Image(), { src: url });
      return image.decode().then(() => image);
    }));
    if (figure.panel !== panel) return;
    if (figure.images?.[0] !== images[0]) figure.grey = greyOf(images[0]);
    if (figure.images?.[1] !== images[1]) figure.outline = null;
    if (figure.images?.[2] !== images[2]) figure.values = null;
    figure.images = images;
    root.dataset.drawn = data.level ?? "";
  }

  function repaint() {
    root.style.gridTemplateColumns = `repeat(${own.large === null ? data.columns : 1}, minmax(0, 1fr))`;
    for (const [index, figure] of [...root.children].entries()) {
      figure.hidden = own.large !== null && own.large !== index;
      if (figure.grey && !figure.hidden) draw(figure, own);
    }
    toolbar(root, own, act);
    const detail = { window: own.window ?? data.window, hidden: Boolean(own.hidden) };
    document.dispatchEvent(new CustomEvent("uad-look", { detail })); // the head in 3-D beside it looks alike
    root.dataset.repaints = Number(root.dataset.repaints ?? 0) + 1;
  }

  function act(what, value) {
    if (edits(own, what, value, send) || does(own, what, value, own.over)) repaint();
  }

  // All that are on their way, as the server may have seen the last message alone.
  function send() {
    setTriggerValue("strokes", { strokes: own.strokes });
  }

  // Only one level is on its way at a time: a wheel turns faster than a server draws.
  function ask(level) {
    own.asked = Math.min(Math.max(level, own.data.first), own.data.last);
    if (own.pending || own.asked === own.data.level) return;
    own.pending = true;
    setTimeout(() => (own.pending = false), 3000); // should an answer get lost
    setTriggerValue("level", { level: own.asked });
  }

  function listen(figure, canvas, index) {
    canvas.onpointerdown = (event) => {
      if (!figure.grey) return;
      root.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      if (pen(figure, own, event, send)) return repaint();
      own.drag = { x: event.clientX, y: event.clientY, window: own.window ?? data.window, moved: false };
      own.drag.from = event.shiftKey ? shareAt(figure, own.view, event) : null;
    };
    canvas.onpointermove = (event) => {
      own.over = index;
      if (!own.drag && pen(figure, own, event, send)) return repaint();
      if (!own.drag) return read(figure, event);
      const right = (event.clientX - own.drag.x) / 400, up = (own.drag.y - event.clientY) / 400;
      if (Math.hypot(right, up) * 400 > 4) own.drag.moved = true;
      if (!own.drag.moved) return;
      if (own.drag.from) {
        const at = shareAt(figure, own.view, event), [x, y] = seen(figure, own.view);
        Object.assign(own.view, { x: x + own.drag.from[0] - at[0], y: y + own.drag.from[1] - at[1] });
      } else if (figure.panel.windowed) {
        const [from, to] = own.drag.window;
        const middle = (from + to) / 2 - up, width = Math.max(to - from + right, 0.02);
        own.window = [middle - width / 2, middle + width / 2];
      }
      repaint();
    };
    canvas.onpointerleave = () => {
      if (own.pointer) repaint(void (own.pointer = null));
      read(figure, null);
    };
    canvas.onpointerup = (event) => {
      if (!own.drag && pen(figure, own, event, send)) return repaint();
      const drag = own.drag, { width, height } = figure.grey.canvas, [x, y] = shareAt(figure, own.view, event);
      own.drag = null;
      if (!drag || drag.moved || event.detail > 1) return;
      setTriggerValue("clicked", { panel: index, column: Math.floor(x * width), row: Math.floor(y * height) });
    };
    canvas.onpointercancel = () => (own.stroke = own.drag = null);
    canvas.ondblclick = () => own.tool || act("large");
  }

  function read(figure, event) {
    const output = root.previousElementSibling.querySelector("output");
    if (!output || !figure.grey || !figure.panel.windowed || !event) return output && (output.textContent = "");
    const { width, height } = figure.grey.canvas, [x, y] = shareAt(figure, own.view, event);
    const at = 4 * (Math.floor(y * height) * width + Math.floor(x * width)), grey = figure.grey.pixels[at];
    if (x < 0 || x >= 1 || grey === undefined) return void (output.textContent = "");
    const inFile = fileValue([...root.children].find((one) => one.images?.[2] && one.panel.picture === figure.panel.picture), at);
    output.textContent = `intensity ${(grey / 255).toFixed(2)}${inFile === null ? "" : `, in the file ${inFile}`}`;
  }

  root.onwheel = (event) => {
    if (event.ctrlKey) {
      event.preventDefault();
      return act(event.deltaY < 0 ? "closer" : "farther");
    }
    if (own.data.level === null) return;
    event.preventDefault();
    own.turned += event.deltaY * (event.deltaMode === 0 ? 1 : 40);
    const steps = Math.trunc(own.turned / 40);
    own.turned -= 40 * steps;
    if (steps) ask((own.asked ?? own.data.level) - steps);
  };
  root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const region = { "[": -1, "]": 1 }[event.key], steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
    if (region) setTriggerValue("region", { step: region });
    if (EDIT_OF[event.key.toLowerCase()]) act(EDIT_OF[event.key.toLowerCase()]);
    if (DEED_OF[event.key.toLowerCase()]) act(DEED_OF[event.key.toLowerCase()]);
    if (own.data.level === null || !steps) return;
    event.preventDefault();
    ask((own.asked ?? own.data.level) + steps);
  };
}
