// A histogram whose threshold is a line to be dragged. The line moves at once; the server is told one value at a time.
const INNER = { left: 46, right: 12, top: 46, bottom: 34 };

export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector(".histogram");
  const own = (root.own ??= { dragging: false, asked: null });
  own.pending = false;
  const width = Math.max(root.clientWidth, 260), right = width - INNER.right, foot = data.height - INNER.bottom;
  const across = right - INNER.left, bins = data.scan.length, floor = Math.log10(data.floor), ceiling = 2;
  const x = (value) => INNER.left + (value / data.top) * across;
  const y = (share) => foot - ((foot - INNER.top) * (Math.log10(Math.max(share, data.floor)) - floor)) / (ceiling - floor);
  const within = (value) => Math.min(Math.max(value, 0), data.top);
  const escaped = (words) => String(words).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const text = (at, height, words, anchor = "middle", more = "") =>
    `<text class="tick" x="${at}" y="${height}" text-anchor="${anchor}" ${more}>${escaped(words)}</text>`;
  const bar = (at, height, wide, tall) => `<rect class="bar" x="${at}" y="${height}" width="${wide}" height="${tall}"/>`;
  const edge = (bin) => x((bin / bins) * data.top);
  const parts = data.scan.map((share, bin) =>
    share > data.floor ? bar(edge(bin), y(share), across / bins + 0.3, foot - y(share)) : "");
  const steps = data.healthy.map((share, bin) => `${edge(bin)},${y(share)} ${edge(bin + 1)},${y(share)}`);
  parts.push(`<polyline class="healthy" points="${steps.join(" ")}"/>`);
  parts.push(`<line class="axis" x1="${INNER.left}" x2="${right}" y1="${foot}" y2="${foot}"/>`);
  for (let power = Math.ceil(floor); power <= ceiling; power++)
    parts.push(text(INNER.left - 6, y(10 ** power) + 4, power < 0 ? (10 ** power).toFixed(-power) : 10 ** power, "end"));
  const step = [0.01, 0.02, 0.05, 0.1, 0.2].find((one) => data.top / one <= 7) ?? 0.5;
  for (let at = 0; at <= data.top + 1e-9; at += step) parts.push(text(x(at), foot + 14, at.toFixed(2)));
  const below = `filtered ${data.what}; the last bar holds all above`;
  const upright = `transform="translate(11 ${(INNER.top + foot) / 2}) rotate(-90)"`;
  parts.push(text(INNER.left + across / 2, data.height - 4, below), text(0, 0, "% of brain voxels", "middle", upright));
  parts.push(bar(INNER.left, 4, 10, 10), text(INNER.left + 14, 13, "this scan", "start"));
  parts.push(`<line class="healthy" x1="${INNER.left + 78}" x2="${INNER.left + 92}" y1="9" y2="9"/>`);
  parts.push(text(INNER.left + 96, 13, data.reference, "start"), text(right, 29, data.share, "end"));
  root.innerHTML = `<svg viewBox="0 0 ${width} ${data.height}" height="${data.height}">${parts.join("")}
    <g class="handle"><line class="line" y1="${INNER.top - 4}" y2="${foot}"/><rect class="grip" tabindex="0" role="slider"
    aria-label="Threshold" x="-9" width="18" y="${INNER.top - 8}" height="${foot - INNER.top + 8}"/><circle class="knob"
    r="5" cy="${INNER.top - 4}"/><text class="value" y="${INNER.top + 4}"></text></g></svg>`;
  const svg = root.querySelector("svg"), grip = root.querySelector(".grip");
  place(own.asked ?? data.threshold);
  if (own.focused) grip.focus({ preventScroll: true });
  if (own.asked !== null) tell();

  function place(value) {
    root.dataset.threshold = own.shown = value;
    const at = x(within(value)), label = root.querySelector(".value"), atRight = at > INNER.left + across * 0.8;
    root.querySelector(".handle").setAttribute("transform", `translate(${at} 0)`);
    for (const [key, number] of [["now", value], ["min", 0], ["max", data.top]])
      grip.setAttribute(`aria-value${key}`, number.toFixed(4));
    label.setAttribute("x", atRight ? -9 : 9);
    label.setAttribute("text-anchor", atRight ? "end" : "start");
    label.textContent = value.toFixed(3);
  }

  function tell() {
    own.asked = own.shown;
    if (own.pending) return;
    own.asked = null;
    if (Math.abs(own.shown - data.threshold) < 1e-6) return;
    own.pending = true;
    setTimeout(() => (own.pending = false), 3000); // should an answer get lost
    setTriggerValue("threshold", { value: own.shown });
  }

  function move(value) {
    place(within(value));
    tell();
  }

  // On the root, which outlives the drawing that an answer replaces in the middle of a drag.
  root.onpointerdown = (event) => {
    if (!event.target.classList.contains("grip")) return;
    own.dragging = true;
    root.setPointerCapture(event.pointerId);
  };
  root.onpointermove = (event) => {
    if (!own.dragging) return;
    const box = svg.getBoundingClientRect();
    move((((event.clientX - box.left) / box.width) * width - INNER.left) / across * data.top);
  };
  root.onpointerup = () => {
    if (own.dragging) tell();
    own.dragging = false;
  };
  root.onfocusin = () => (own.focused = true);
  root.onfocusout = (event) => (own.focused = event.relatedTarget === null && own.pending);
  root.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!steps) return;
    event.preventDefault();
    move(own.shown + (steps * data.top) / 200);
  };
}
