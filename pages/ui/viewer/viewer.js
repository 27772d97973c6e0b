// Draws panels of grey pictures with overlays. State that is the viewer's own (grey window, level on its way) lives
// on the root element, because Streamlit calls this function again with every new `data`.
const FIGURE = `<figure><div class="frame"><canvas role="img"></canvas><span class="side left"></span>
  <span class="side right"></span><span class="side top"></span><span class="side bottom"></span>
  <span class="window"></span><span class="stamp"></span></div><figcaption></figcaption></figure>`;

export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector(".panels");
  const own = (root.own ??= { window: null, asked: null, drag: null, turned: 0 });
  own.data = data;
  own.pending = false;
  if (own.asked === data.level) own.asked = null;
  root.style.gridTemplateColumns = `repeat(${data.columns}, minmax(0, 1fr))`;
  root.dataset.level = data.level ?? "";
  root.setAttribute("aria-label", data.level === null ? "Pictures" : `Slices, level ${data.level}`);

  while (root.children.length > data.panels.length) root.lastElementChild.remove();
  while (root.children.length < data.panels.length) root.insertAdjacentHTML("beforeend", FIGURE);
  Promise.all(data.panels.map((panel, index) => show(root.children[index], panel, index))).then(() => {
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
    const images = await Promise.all([panel.picture, panel.overlay].map(async (url, which) => {
      if (!url) return null;
      const kept = figure.images?.[which];
      const image = kept?.src === url ? kept : Object.assign(new Image(), { src: url });
      return image.decode().then(() => image);
    }));
    if (figure.panel !== panel) return;
    if (figure.images?.[0] !== images[0]) figure.grey = greyOf(images[0]);
    figure.images = images;
    draw(figure);
    root.dataset.drawn = data.level ?? "";
  }

  function greyOf(image) {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return { canvas, context, pixels: context.getImageData(0, 0, canvas.width, canvas.height).data };
  }

  function draw(figure) {
    const { panel, grey, mirrored } = figure, { width, height } = grey.canvas;
    const shown = new ImageData(grey.pixels.slice(), width, height), [low, high] = own.window ?? data.window;
    if (panel.windowed) {
      const scale = 1 / Math.max(high - low, 1e-3);
      for (let i = 0; i < shown.data.length; i += 4)
        shown.data[i] = shown.data[i + 1] = shown.data[i + 2] = (grey.pixels[i] - 255 * low) * scale;
    }
    grey.context.putImageData(shown, 0, 0);
    const tall = Math.max(1, innerHeight / 720) * data.maxHeight; // a large window shows large pictures
    const zoom = Math.max(2, Math.ceil((tall * devicePixelRatio) / height));
    const limit = `max(${data.maxHeight}px, ${data.maxHeight / 7.2}vh)`;
    const canvas = Object.assign(figure.querySelector("canvas"), { width: width * zoom, height: height * zoom });
    const aspectRatio = `${width} / ${height}`; // a slab's few levels leave no room for letters
    Object.assign(canvas.style, { aspectRatio, maxHeight: limit, width: `min(100%, calc(${limit} * ${width / height}))` });
    for (const place of ["top", "bottom"]) figure.querySelector("." + place).hidden = height < 40;
    const context = canvas.getContext("2d");
    context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? canvas.width : 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(grey.canvas, 0, 0, canvas.width, canvas.height);
    if (figure.images[1]) {
      context.imageSmoothingEnabled = false;
      context.drawImage(figure.images[1], 0, 0, canvas.width, canvas.height);
    }
    if (panel.cross) {
      const [x, y] = panel.cross.map((at) => (at + 0.5) * zoom), gap = 6 * zoom;
      context.strokeStyle = "#E69F00";
      context.lineWidth = Math.max(1, zoom / 3);
      const across = `M0 ${y}H${x - gap}M${x + gap} ${y}H${canvas.width}`;
      context.stroke(new Path2D(`${across}M${x} 0V${y - gap}M${x} ${y + gap}V${canvas.height}`));
    }
    const changed = own.window && panel.windowed;
    figure.querySelector(".window").textContent = changed ? `window ${low.toFixed(2)} to ${high.toFixed(2)}` : "";
  }

  function repaint(window) {
    own.window = window;
    for (const figure of root.children) if (figure.grey) draw(figure);
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
      own.drag = { x: event.clientX, y: event.clientY, window: own.window ?? data.window, moved: false };
    };
    canvas.onpointermove = (event) => {
      if (!own.drag) return;
      const right = (event.clientX - own.drag.x) / 400, up = (own.drag.y - event.clientY) / 400;
      if (Math.hypot(right, up) * 400 > 4) own.drag.moved = true;
      if (!own.drag.moved || !figure.panel.windowed) return;
      const [from, to] = own.drag.window;
      const middle = (from + to) / 2 - up, width = Math.max(to - from + right, 0.02);
      repaint([middle - width / 2, middle + width / 2]);
    };
    canvas.onpointerup = (event) => {
      const drag = own.drag, box = canvas.getBoundingClientRect();
      own.drag = null;
      if (!drag || drag.moved) return;
      const x = (event.clientX - box.left) / box.width, { width, height } = figure.grey.canvas;
      const column = Math.floor((figure.mirrored ? 1 - x : x) * width);
      const row = Math.floor(((event.clientY - box.top) / box.height) * height);
      setTriggerValue("clicked", { panel: index, column, row });
    };
    canvas.ondblclick = () => repaint(null);
  }

  root.onwheel = (event) => {
    if (own.data.level === null || event.ctrlKey) return;
    event.preventDefault();
    own.turned += event.deltaY * (event.deltaMode === 0 ? 1 : 40);
    const steps = Math.trunc(own.turned / 40);
    own.turned -= 40 * steps;
    if (steps) ask((own.asked ?? own.data.level) - steps);
  };
  root.onkeydown = (event) => {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
    if (own.data.level === null || !steps) return;
    event.preventDefault();
    ask((own.asked ?? own.data.level) + steps);
  };
}
