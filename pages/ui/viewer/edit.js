// Paints into a picture's overlay at once; what was done goes to the server when the pen is lifted, and is drawn here
// until the server's own overlay has it. `own.strokes` are those on their way.
const TOOLS = [["paint", "Paint", "P"], ["erase", "Erase", "E"], ["grow", "Grow", "G"], ["delete", "Delete region", "X"]];
const DEEDS = [["undo", "Undo", "U"], ["clear", "Undo all", ""]];
const PENS = [1, 3, 5, 9, 15]; // mm across
const HINTS = { paint: "draw in the segmentation", erase: "rub out in the segmentation",
  grow: "click into what is to be marked: all that looks like it is", delete: "click a region to take it away" };

function editBar(bar, own, act) {
  const there = own.data.panels.some((panel) => panel.ink > 0);
  let group = bar.querySelector(".edit");
  if (!there) {
    group?.remove();
    own.tool = null;
    return;
  }
  if (!group) {
    bar.querySelector("output").insertAdjacentHTML("beforebegin", `<span class="edit" role="group" aria-label="Correct the mask">
      ${TOOLS.map(([does, words, key]) => `<button data-does="${does}" title="Key ${key}">${words}</button>`).join("")}
      <label>Pen <select class="pen">${PENS.map((mm) => `<option value="${mm}">${mm} mm</option>`).join("")}</select></label>
      ${DEEDS.map(([does, words, key]) => `<button data-does="${does}"${key && ` title="Key ${key}"`}>${words}</button>`).join("")}
      <em></em></span>`);
    group = bar.querySelector(".edit");
    group.querySelector(".pen").onchange = (event) => act("pen", Number(event.target.value));
  }
  for (const [does] of TOOLS) group.querySelector(`[data-does=${does}]`).setAttribute("aria-pressed", own.tool === does);
  group.querySelector(".pen").value = own.pen;
  group.querySelector("em").textContent = HINTS[own.tool] ?? "";
}

// True where the word is one of editing; `send` gives the server what is on its way.
function edits(own, what, value, send) {
  if (!own.data.panels.some((panel) => panel.ink > 0)) return false;
  if (TOOLS.some(([does]) => does === what)) {
    own.tool = own.tool === what ? null : what;
    own.hidden = false;
  } else if (what === "leave") own.tool = null;
  else if (what === "pen") own.pen = value;
  else if (DEEDS.some(([does]) => does === what)) queue(own, what, [], send);
  else return false;
  return true;
}

function queue(own, tool, pixels, send) {
  own.numbered = Math.max((own.numbered ?? 0) + 1, Date.now()); // larger than all before, also after a reload
  own.strokes.push({ number: own.numbered, tool, level: own.data.level, pixels });
  send();
}

const EDIT_OF = { p: "paint", e: "erase", g: "grow", x: "delete", u: "undo", escape: "leave" };

// The pixels under the pen from one point to another, each once.
function under(from, to, pen, { width, height }, pixels) {
  const steps = Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])) + 1, reach = pen / 2;
  for (let step = 1; step <= steps; step++) {
    const [x, y] = [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * step) / steps);
    for (let row = Math.floor(y - reach); row <= y + reach; row++)
      for (let column = Math.floor(x - reach); column <= x + reach; column++) {
        const inside = Math.hypot(column + 0.5 - x, row + 0.5 - y) <= Math.max(reach, 0.71);
        const seen = column >= 0 && row >= 0 && column < width && row < height;
        if (inside && seen && (pen > 1 || (column === Math.floor(x) && row === Math.floor(y))))
          pixels.set(row * width + column, [column, row]);
      }
  }
}

// The overlay with the strokes that the server has not yet drawn; the image itself where there are none.
function painted(figure, own) {
  const image = figure.images[1];
  const mine = own.strokes.filter((one) => one.level === own.data.level && one.number > own.data.taken);
  if (own.stroke?.figure === figure) mine.push({ tool: own.tool, pixels: [...own.stroke.pixels.values()] });
  if (!(figure.panel.ink > 0) || !mine.some((one) => one.tool === "paint" || one.tool === "erase")) return image;
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), context = canvas.getContext("2d");
  const fine = canvas.width / figure.grey.canvas.width;
  context.drawImage(image, 0, 0);
  context.fillStyle = `rgba(${MASK.join()},${figure.panel.ink})`;
  for (const { tool, pixels } of mine)
    for (const [column, row] of tool === "paint" || tool === "erase" ? pixels : []) {
      context.clearRect(column * fine, row * fine, fine, fine);
      if (tool === "paint") context.fillRect(column * fine, row * fine, fine, fine);
    }
  return canvas;
}

// Pointer events of a picture that can be painted: true where they are used up.
function pen(figure, own, event, send) {
  if (!own.tool || !(figure.panel.ink > 0) || event.shiftKey) return false;
  const { width, height } = figure.grey.canvas, share = shareAt(figure, own.view, event);
  const at = [share[0] * width, share[1] * height];
  own.pointer = { figure, at };
  const draws = own.tool === "paint" || own.tool === "erase";
  if (event.type === "pointerdown") {
    own.stroke = { figure, at, pixels: new Map() };
    own.pressed = performance.now();
  } else if (event.type === "pointerup" && own.stroke) {
    const { pixels } = own.stroke;
    own.stroke = null;
    queue(own, own.tool, draws ? [...pixels.values()] : [at.map(Math.floor)], send);
    return true;
  }
  if (own.stroke && draws) {
    under(own.stroke.at, at, own.pen, figure.grey.canvas, own.stroke.pixels);
    own.stroke.at = at;
  }
  return true;
}

function circle(context, figure, own, zoom) {
  if (own.pointer?.figure !== figure || !["paint", "erase"].includes(own.tool)) return;
  context.beginPath();
  context.arc(own.pointer.at[0] * zoom, own.pointer.at[1] * zoom, (own.pen / 2) * zoom, 0, 2 * Math.PI);
  Object.assign(context, { strokeStyle: "white", lineWidth: Math.max(1, zoom / 4) / own.view.scale });
  context.stroke();
}
