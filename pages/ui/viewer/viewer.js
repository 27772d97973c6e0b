// Draws panels of grey pictures with overlays. State that is the viewer's own (grey window, level on its way) lives
// on the root element, because Streamlit calls this function again with every new `data`.
export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector(".panels");
  const own = (root.own ??= { window: null, asked: null, pending: false, drag: null });
  own.data = data;
  own.pending = false;
  if (own.asked === data.level) own.asked = null;
  const low = () => (own.window ?? data.window)[0];
  const high = () => (own.window ?? data.window)[1];
  root.style.gridTemplateColumns = `repeat(${data.columns}, minmax(0, 1fr))`;
  root.dataset.level = data.level ?? "";
  root.setAttribute("aria-label", data.level === null ? "Pictures" : `Slices, level ${data.level}`);

  while (root.children.length > data.panels.length) root.lastChild.remove();
  while (root.children.length < data.panels.length) root.append(newFigure());
  Promise.all(data.panels.map((panel, index) => show(root.children[index], panel, index))).then(() => {
    root.dataset.draws = Number(root.dataset.draws ?? 0) + 1; // for tests and the benchmark: all is on the screen
  });
  if (own.asked !== null) ask(own.asked);

  function newFigure() {
    const figure = document.createElement("figure");
    figure.innerHTML = `<div class="frame"><canvas></canvas><span class="side left"></span><span class="side right"></span>
      <span class="side top"></span><span class="side bottom"></span><span class="window"></span></div><figcaption></figcaption>`;
    return figure;
  }

  function show(figure, panel, index) {
    figure.panel = panel;
    const mirrored = data.mirrored && panel.sides.includes("L") && panel.sides.includes("R");
    figure.mirrored = mirrored;
    const [left, right, top, bottom] = panel.sides;
    const letters = { left: mirrored ? right : left, right: mirrored ? left : right, top, bottom };
    for (const [place, letter] of Object.entries(letters)) figure.querySelector("." + place).textContent = letter;
    figure.querySelector("figcaption").textContent = panel.title;
    const canvas = figure.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", panel.title || "picture");
    listen(figure, canvas, index);
    return Promise.all([load(figure, "picture", panel.picture), load(figure, "overlay", panel.overlay)]).then(([picture]) => {
      if (figure.panel !== panel || !picture) return;
      if (figure.shown !== panel.picture) {
        figure.shown = panel.picture;
        figure.grey = greyOf(picture);
      }
      draw(figure);
      root.dataset.drawn = data.level ?? "";
    });
  }

  function load(figure, name, url) {
    figure.images ??= {};
    if (!url) {
      figure.images[name] = null;
      return Promise.resolve(null);
    }
    if (figure.images[name]?.src === url) return figure.images[name].decode().then(() => figure.images[name]);
    const image = new Image();
    image.src = url;
    return image.decode().then(() => (figure.panel[name] === url && (figure.images[name] = image), image));
  }

  function greyOf(image) {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return { canvas, context, pixels: context.getImageData(0, 0, canvas.width, canvas.height) };
  }

  function draw(figure) {
    const { panel, grey, mirrored } = figure;
    const canvas = figure.querySelector("canvas"), { width, height } = grey.canvas;
    const shown = new OffscreenCanvas(width, height), pen = shown.getContext("2d");
    const pixels = new ImageData(new Uint8ClampedArray(grey.pixels.data), width, height);
    if (panel.windowed) {
      const scale = 255 / Math.max(high() - low(), 1e-3) / 255;
      for (let i = 0; i < pixels.data.length; i += 4) {
        const value = (grey.pixels.data[i] - 255 * low()) * scale;
        pixels.data[i] = pixels.data[i + 1] = pixels.data[i + 2] = value;
      }
    }
    pen.putImageData(pixels, 0, 0);
    const tall = Math.max(1, innerHeight / 720) * data.maxHeight; // a large window shows large pictures
    const zoom = Math.max(2, Math.ceil((tall * devicePixelRatio) / height));
    canvas.width = width * zoom;
    canvas.height = height * zoom;
    const limit = `max(${data.maxHeight}px, ${data.maxHeight / 7.2}vh)`;
    canvas.style.maxHeight = limit;
    canvas.style.aspectRatio = `${width} / ${height}`;
    const flat = height < 40; // a slab's few levels leave no room for letters
    for (const place of ["top", "bottom"]) figure.querySelector("." + place).hidden = flat;
    canvas.style.width = `min(100%, calc(${limit} * ${width / height}))`;
    const context = canvas.getContext("2d");
    context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? canvas.width : 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(shown, 0, 0, canvas.width, canvas.height);
    if (figure.images.overlay) {
      context.imageSmoothingEnabled = false;
      context.drawImage(figure.images.overlay, 0, 0, canvas.width, canvas.height);
    }
    if (panel.cross) {
      const [column, row] = panel.cross, x = (column + 0.5) * zoom, y = (row + 0.5) * zoom, gap = 6 * zoom;
      context.strokeStyle = "#E69F00";
      context.lineWidth = Math.max(1, zoom / 3);
      context.beginPath();
      for (const [x0, y0, x1, y1] of [[0, y, x - gap, y], [x + gap, y, canvas.width, y], [x, 0, x, y - gap], [x, y + gap, x, canvas.height]]) {
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
      }
      context.stroke();
    }
    const label = own.window && panel.windowed ? `window ${low().toFixed(2)} to ${high().toFixed(2)}` : "";
    figure.querySelector(".window").textContent = label;
  }

  function repaint() {
    for (const figure of root.children) if (figure.grey) draw(figure);
  }

  // Only one level is on its way at a time: a wheel turns faster than a server draws.
  function ask(level) {
    level = Math.min(Math.max(level, own.data.first), own.data.last);
    own.asked = level;
    if (own.pending || level === own.data.level) return;
    own.pending = true;
    setTimeout(() => (own.pending = false), 3000); // should an answer get lost
    setTriggerValue("level", { level });
  }

  function listen(figure, canvas, index) {
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      let x = (event.clientX - box.left) / box.width;
      if (figure.mirrored) x = 1 - x;
      const column = Math.floor(x * figure.grey.canvas.width);
      const row = Math.floor(((event.clientY - box.top) / box.height) * figure.grey.canvas.height);
      return { panel: index, column, row };
    };
    canvas.onpointerdown = (event) => {
      if (!figure.grey) return;
      root.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      own.drag = { x: event.clientX, y: event.clientY, window: [low(), high()], moved: false };
    };
    canvas.onpointermove = (event) => {
      if (!own.drag) return;
      const right = (event.clientX - own.drag.x) / 400, up = (own.drag.y - event.clientY) / 400;
      if (Math.hypot(right, up) * 400 > 4) own.drag.moved = true;
      if (!own.drag.moved || !figure.panel.windowed) return;
      const [from, to] = own.drag.window;
      const middle = (from + to) / 2 - up, width = Math.max(to - from + right, 0.02);
      own.window = [middle - width / 2, middle + width / 2];
      repaint();
    };
    canvas.onpointerup = (event) => {
      const drag = own.drag;
      own.drag = null;
      if (drag && !drag.moved) setTriggerValue("clicked", at(event));
    };
    canvas.ondblclick = () => {
      own.window = null;
      repaint();
    };
  }

  root.onwheel = (event) => {
    if (own.data.level === null || event.ctrlKey) return;
    event.preventDefault();
    own.turned = (own.turned ?? 0) + event.deltaY * (event.deltaMode === 0 ? 1 : 40);
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
