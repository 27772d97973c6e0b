// A histogram whose threshold is a line to be dragged. The line moves at once; the server is told one value at a time.
export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector(".histogram");
  const own = (root.own ??= { dragging: false, asked: null, pending: false });
  own.pending = false;
  const size = { width: Math.max(root.clientWidth, 260), height: data.height };
  const inner = { left: 46, right: 12, top: 46, bottom: 34 };
  const across = size.width - inner.left - inner.right, down = size.height - inner.top - inner.bottom;
  const bins = data.scan.length, floor = Math.log10(data.floor), ceiling = 2;
  const x = (value) => inner.left + (value / data.top) * across;
  const y = (share) => inner.top + down * (1 - (Math.log10(Math.max(share, data.floor)) - floor) / (ceiling - floor));
  const escaped = (words) => words.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const parts = [];
  const text = (at, height, words, anchor = "middle", kind = "tick") =>
    parts.push(`<text class="${kind}" x="${at}" y="${height}" text-anchor="${anchor}">${escaped(String(words))}</text>`);
  data.scan.forEach((share, bin) => {
    if (share > data.floor)
      parts.push(`<rect class="bar" x="${x((bin / bins) * data.top)}" y="${y(share)}" width="${across / bins + 0.3}" height="${inner.top + down - y(share)}"/>`);
  });
  const steps = data.healthy.map((share, bin) => `${x((bin / bins) * data.top)},${y(share)} ${x(((bin + 1) / bins) * data.top)},${y(share)}`);
  parts.push(`<polyline class="healthy" points="${steps.join(" ")}"/>`);
  parts.push(`<line class="axis" x1="${inner.left}" x2="${size.width - inner.right}" y1="${inner.top + down}" y2="${inner.top + down}"/>`);
  for (let power = Math.ceil(floor); power <= ceiling; power++)
    text(inner.left - 6, y(10 ** power) + 4, power < 0 ? (10 ** power).toFixed(-power) : 10 ** power, "end");
  const step = [0.01, 0.02, 0.05, 0.1, 0.2].find((one) => data.top / one <= 7) ?? 0.5;
  for (let at = 0; at <= data.top + 1e-9; at += step) text(x(at), inner.top + down + 14, at.toFixed(2));
  text(inner.left + across / 2, size.height - 4, "filtered residual (normalised intensity); the last bar holds all above");
  parts.push(`<text class="tick" text-anchor="middle" transform="translate(11 ${inner.top + down / 2}) rotate(-90)">% of brain voxels</text>`);
  parts.push(`<rect class="bar" x="${inner.left}" y="4" width="10" height="10"/>`);
  text(inner.left + 14, 13, "this scan", "start");
  parts.push(`<line class="healthy" x1="${inner.left + 78}" x2="${inner.left + 92}" y1="9" y2="9"/>`);
  text(inner.left + 96, 13, data.reference, "start");
  text(size.width - inner.right, 29, data.share, "end");
  root.innerHTML = `<svg viewBox="0 0 ${size.width} ${size.height}" height="${size.height}">${parts.join("")}
    <line class="line" y1="${inner.top - 4}" y2="${inner.top + down}"/><rect class="grip" tabindex="0" role="slider"
    aria-label="Threshold" width="18" y="${inner.top - 8}" height="${down + 8}"/><circle class="knob" r="5" cy="${inner.top - 4}"/>
    <text class="value" y="${inner.top + 4}"></text></svg>`;
  const svg = root.querySelector("svg"), grip = root.querySelector(".grip");
  place(own.dragging || own.asked !== null ? (own.asked ?? data.threshold) : data.threshold);
  if (own.focused) grip.focus({ preventScroll: true });
  if (own.asked !== null) tell(own.asked);

  function place(value) {
    const at = x(Math.min(value, data.top));
    own.shown = value;
    root.dataset.threshold = value;
    const line = root.querySelector(".line"), label = root.querySelector(".value"), knob = root.querySelector(".knob");
    line.setAttribute("x1", at);
    line.setAttribute("x2", at);
    knob.setAttribute("cx", at);
    grip.setAttribute("x", at - 9);
    for (const [key, number] of [["valuenow", value], ["valuemin", 0], ["valuemax", data.top]]) grip.setAttribute("aria-" + key, number.toFixed(4));
    const atRight = at > inner.left + across * 0.8;
    label.setAttribute("x", at + (atRight ? -9 : 9));
    label.setAttribute("text-anchor", atRight ? "end" : "start");
    label.textContent = value.toFixed(3);
  }

  function tell(value) {
    own.asked = value;
    if (own.pending) return;
    own.asked = null;
    if (Math.abs(value - data.threshold) < 1e-6) return;
    own.pending = true;
    setTimeout(() => (own.pending = false), 3000); // should an answer get lost
    setTriggerValue("threshold", { value });
  }

  const valueAt = (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * size.width;
    return Math.min(Math.max(((at - inner.left) / across) * data.top, 0), data.top);
  };
  // On the root, which outlives the drawing that an answer replaces in the middle of a drag.
  root.onpointerdown = (event) => {
    if (!event.target.classList.contains("grip")) return;
    own.dragging = true;
    root.setPointerCapture(event.pointerId);
  };
  root.onpointermove = (event) => {
    if (!own.dragging) return;
    place(valueAt(event));
    tell(own.shown);
  };
  root.onpointerup = () => {
    if (!own.dragging) return;
    own.dragging = false;
    tell(own.shown);
  };
  root.onfocusin = () => (own.focused = true);
  root.onfocusout = (event) => (own.focused = event.relatedTarget === null && own.pending);
  root.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!steps) return;
    event.preventDefault();
    place(Math.min(Math.max(own.shown + (steps * data.top) / 200, 0), data.top));
    tell(own.shown);
  };
}
