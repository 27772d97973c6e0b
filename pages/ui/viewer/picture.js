// Draws one picture: grey window, mask filled or outlined, zoom, region numbers, crosshair. The browser does it alone.
const MASK = [230, 159, 0]; // `viewer.py` puts in the colour that masks have

function greyOf(image) {
  const canvas = new OffscreenCanvas(image.naturalWidth ?? image.width, image.naturalHeight ?? image.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return { canvas, context, pixels: context.getImageData(0, 0, canvas.width, canvas.height).data };
}

// The overlay with the mask's filling left out but for its edge; what has another colour stays.
function outlined(image) {
  const { canvas, context, pixels } = greyOf(image), { width, height } = canvas;
  const filled = (i) => pixels[i + 3] > 0 && MASK.every((channel, k) => Math.abs(pixels[i + k] - channel) < 8);
  const shown = new ImageData(pixels.slice(), width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = 4 * (y * width + x);
      if (!filled(i)) continue;
      const edge = x === 0 || y === 0 || x === width - 1 || y === height - 1
        || [i - 4, i + 4, i - 4 * width, i + 4 * width].some((near) => pixels[near + 3] === 0);
      shown.data[i + 3] = edge ? 255 : 0;
    }
  context.putImageData(shown, 0, 0);
  return canvas;
}

// The value of the scan's own file at byte `at` of a figure's pixels, as `readout.py` packs it; null: there is none.
function fileValue(figure, at) {
  if (!figure) return null;
  const { pixels } = (figure.values ??= greyOf(figure.images[2])), [low, step] = figure.panel.scale;
  if (pixels[at + 2]) return null;
  const value = low + step * (256 * pixels[at] + pixels[at + 1]);
  return step === 1 ? value : Number(value.toPrecision(4));
}

// What part of the picture is seen: its middle, as shares of width and height, and how many times enlarged.
function seen(figure, view) {
  const { width, height } = figure.grey.canvas, cross = figure.panel.cross, least = 0.5 / view.scale;
  const middle = cross ? [(cross[0] + 0.5) / width, (cross[1] + 0.5) / height] : [view.x, view.y];
  return middle.map((at) => Math.min(Math.max(at, least), 1 - least));
}

// Share of the picture's width and height at a point of the screen, mirroring and zoom undone.
function shareAt(figure, view, event) {
  const box = figure.querySelector("canvas").getBoundingClientRect(), [x, y] = seen(figure, view);
  const right = (event.clientX - box.left) / box.width - 0.5, down = (event.clientY - box.top) / box.height - 0.5;
  return [x + (figure.mirrored ? -right : right) / view.scale, y + down / view.scale];
}

function draw(figure, own) {
  const { panel, grey, mirrored } = figure, { width, height } = grey.canvas, { data, view } = own;
  const shown = new ImageData(grey.pixels.slice(), width, height), [low, high] = own.window ?? data.window;
  if (panel.windowed) {
    const scale = 1 / Math.max(high - low, 1e-3);
    for (let i = 0; i < shown.data.length; i += 4)
      shown.data[i] = shown.data[i + 1] = shown.data[i + 2] = (grey.pixels[i] - 255 * low) * scale;
  }
  grey.context.putImageData(shown, 0, 0);
  const large = own.large !== null, most = large ? 500 : data.maxHeight; // px of a window of 720; more in a larger one
  const zoom = Math.max(2, Math.ceil((Math.max(1, innerHeight / 720) * most * devicePixelRatio) / height));
  const limit = `max(${most}px, ${most / 7.2}vh)`;
  const canvas = Object.assign(figure.querySelector("canvas"), { width: width * zoom, height: height * zoom });
  const aspectRatio = `${width} / ${height}`; // a slab's few levels leave no room for letters
  Object.assign(canvas.style, { aspectRatio, maxHeight: limit, width: `min(100%, calc(${limit} * ${width / height}))` });
  for (const place of ["top", "bottom"]) figure.querySelector("." + place).hidden = height < 40;
  const context = canvas.getContext("2d"), [x, y] = seen(figure, view), { scale } = view;
  const across = mirrored ? -scale : scale; // and the seen middle comes to the canvas's
  context.setTransform(across, 0, 0, scale, canvas.width / 2 - across * x * canvas.width,
    canvas.height / 2 - scale * y * canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(grey.canvas, 0, 0, canvas.width, canvas.height);
  if (figure.images[1] && !own.hidden) {
    context.imageSmoothingEnabled = false;
    const overlay = painted(figure, own), fresh = overlay !== figure.images[1];
    const edge = () => (fresh ? outlined(overlay) : (figure.outline ??= outlined(overlay)));
    context.drawImage(own.outline ? edge() : overlay, 0, 0, canvas.width, canvas.height);
  }
  if (panel.cross) {
    const [column, row] = panel.cross.map((at) => (at + 0.5) * zoom), gap = 6 * zoom;
    context.strokeStyle = "#E69F00";
    context.lineWidth = Math.max(1, zoom / 3) / scale;
    const line = `M0 ${row}H${column - gap}M${column + gap} ${row}H${canvas.width}`;
    context.stroke(new Path2D(`${line}M${column} 0V${row - gap}M${column} ${row + gap}V${canvas.height}`));
  }
  circle(context, figure, own, zoom);
  if (!own.hidden) number(context, panel.marks, zoom, canvas);
  const changed = own.window && panel.windowed;
  figure.querySelector(".window").textContent = changed ? `window ${low.toFixed(2)} to ${high.toFixed(2)}` : "";
}

function number(context, marks, zoom, canvas) {
  const matrix = context.getTransform();
  context.resetTransform();
  context.font = `600 ${12 * devicePixelRatio * Math.max(1, canvas.width / canvas.clientWidth / devicePixelRatio)}px sans-serif`;
  Object.assign(context, { fillStyle: "white", strokeStyle: "black", lineWidth: 3, lineJoin: "round" });
  for (const [column, row, words] of marks) {
    const at = matrix.transformPoint({ x: (column + 0.5) * zoom, y: (row + 0.5) * zoom });
    const x = Math.min(at.x, canvas.width - context.measureText(words).width - 3);
    context.strokeText(words, x, at.y);
    context.fillText(words, x, at.y);
  }
}
