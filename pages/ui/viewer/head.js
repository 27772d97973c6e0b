// NiiVue on one canvas. Streamlit calls this function again with every new `data`; what has been drawn already lies on
// the root element, so that only what changed is fetched or moved.
const NO_WEBGL = "This browser offers no WebGL 2, which the 3-D view needs. The other views show the same.";
const FAILED = "The 3-D view could not be drawn here. The other views show the same.";
const SHOWN = "uad-"; // and what an overlay shows: the name of its colours

export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector(".head");
  const own = (root.own ??= { turn: Promise.resolve() });
  Object.assign(own, { data, send: setTriggerValue });
  root.querySelector(".stamp").textContent = data.stamp;
  own.turn = own.turn.then(() => follow(root, own)).catch(() => say(root, FAILED));
  return () => setTimeout(() => root.isConnected || end(own)); // it is called between two runs, too
}

function say(root, words) {
  Object.assign(root.querySelector("p"), { hidden: !words, textContent: words });
}

// One at a time, each up to what was asked for last.
async function follow(root, own) {
  if (own.ended) return;
  const { data } = own, canvas = root.querySelector("canvas");
  if (!own.nv) {
    const context = document.createElement("canvas").getContext("webgl2");
    if (!context) return say(root, NO_WEBGL);
    context.getExtension("WEBGL_lose_context")?.loseContext();
    own.library = await import(new URL(data.library, document.baseURI).href);
    own.nv = await begin(root, own, canvas);
  }
  const { nv } = own, { NVImage } = own.library, [low, high] = limits(own);
  nv.opts.isRadiologicalConvention = data.radiological;
  let [head, mask, reference] = nv.volumes;
  if (own.head !== data.head) {
    const answer = await fetch(new URL(data.head, document.baseURI));
    if (!answer.ok) return say(root, "The head is no longer on the server: reload this page.");
    head = await NVImage.new(await answer.arrayBuffer(), "head.nii.gz", "gray", 1, null, low, high);
  }
  if (own.mask !== data.mask || own.head !== data.head) {
    mask = await overlay(NVImage, "mask", data.mask);
  }
  if (own.reference !== data.reference || own.head !== data.head) {
    reference = data.reference ? await overlay(NVImage, "reference", data.reference) : undefined;
  }
  if (own.ended) return;
  if (mask !== nv.volumes[1] || reference !== nv.volumes[2] || mask.opacity !== shownOpacity(own)) {
    mask.opacity = shownOpacity(own);
    const overlays = reference ? [mask, reference] : [mask];
    Object.assign(nv, { volumes: [head, ...overlays], back: head, overlays }); // `addVolume` would draw after each
    if (reference) reference.opacity = own.hidden ? 0 : 1;
    nv.updateGLVolume();
  }
  Object.assign(own, { head: data.head, mask: data.mask, reference: data.reference });
  if (!own.moving) nv.scene.crosshairPos = nv.mm2frac(data.cross);
  nv.drawScene();
  const place = data.cross.map((at) => Math.round(at)).join(", ");
  canvas.setAttribute("aria-label", `The head in three planes and from outside, cross at ${place} mm of the atlas`);
  say(root, "");
  root.dataset.reference = Boolean(reference);
  Object.assign(root.dataset, { cross: place, left: data.radiological ? "R" : "L", window: limits(own).join(" to ") });
  root.dataset.draws = Number(root.dataset.draws ?? 0) + 1; // for tests: all is on the screen
}

async function begin(root, own, canvas) {
  const { Niivue, DRAG_MODE, MULTIPLANAR_TYPE, SHOW_RENDER, SLICE_TYPE } = own.library, { data } = own;
  const nv = new Niivue({
    backColor: [0, 0, 0, 1], crosshairColor: [0.9, 0.62, 0, 1], fontColor: [1, 1, 1, 1], crosshairGap: 12, fontMinPx: 14,
    show3Dcrosshair: true, sliceType: SLICE_TYPE.MULTIPLANAR, multiplanarShowRender: SHOW_RENDER.ALWAYS,
    multiplanarLayout: MULTIPLANAR_TYPE.GRID, isRadiologicalConvention: data.radiological, dragMode: DRAG_MODE.pan,
    dragAndDropEnabled: false, viewModeHotKey: "", clipPlaneHotKey: "", cycleClipPlaneHotKey: "", loadingText: "",
    showAllOrientationMarkers: true, sagittalNoseLeft: true, multiplanarPadPixels: 14, logLevel: "silent",
  });
  for (const [what, [red, green, blue]] of Object.entries(data.colours)) {
    nv.addColormap(SHOWN + what, { R: [0, red], G: [0, green], B: [0, blue], A: [0, 255], I: [0, 255] });
  }
  const drawScene = nv.drawScene.bind(nv); // a canvas that is being taken off the page has no room for the padding
  nv.drawScene = () => (canvas.offsetWidth > 100 && canvas.offsetHeight > 100 ? drawScene() : undefined);
  await nv.attachToCanvas(canvas);
  listen(root, own, canvas, nv);
  return nv;
}

function listen(root, own, canvas, nv) {
  const tell = () => {
    if (own.held) return; // the hand is still moving it
    own.moving = false;
    const mm = [...nv.frac2mm(nv.scene.crosshairPos, 0, true)].slice(0, 3);
    if (Math.hypot(...mm.map((at, axis) => at - own.data.cross[axis])) > 0.5) own.send("point", { mm });
  };
  const soon = () => {
    clearTimeout(own.timer);
    own.timer = setTimeout(tell, 150);
  };
  nv.onLocationChange = () => {
    own.moving = true;
    soon();
  };
  canvas.addEventListener("pointerdown", () => (own.held = true));
  own.release = () => {
    if (!own.held) return;
    own.held = false;
    if (own.moving) soon();
  };
  canvas.addEventListener("keydown", (event) => {
    const step = { "[": -1, "]": 1 }[event.key];
    if (step) own.send("region", { step });
  });
  // the grey window and whether the mask is hidden: as in the slices beside it
  own.look = ({ detail }) => {
    Object.assign(own, { window: detail.window, hidden: detail.hidden });
    if (nv.volumes.length < 2) return;
    [nv.volumes[0].cal_min, nv.volumes[0].cal_max] = limits(own);
    nv.volumes[1].opacity = shownOpacity(own);
    if (nv.volumes[2]) nv.volumes[2].opacity = own.hidden ? 0 : 1;
    cancelAnimationFrame(own.frame);
    own.frame = requestAnimationFrame(() => {
      nv.updateGLVolume();
      root.dataset.window = limits(own).join(" to ");
    });
  };
  document.addEventListener("uad-look", own.look);
  window.addEventListener("pointerup", own.release);
}

function overlay(NVImage, what, base64) {
  const file = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0)).buffer;
  return NVImage.new(file, `${what}.nii.gz`, SHOWN + what, 1, null, 0, 1);
}

function limits(own) {
  return (own.window ?? own.data.window).map((at) => at * own.data.greys);
}

function shownOpacity(own) {
  return own.hidden ? 0 : own.data.opacity;
}

// A browser has but few WebGL contexts: this one is given back at once.
function end(own) {
  own.ended = true;
  document.removeEventListener("uad-look", own.look);
  window.removeEventListener("pointerup", own.release);
  clearTimeout(own.timer);
  cancelAnimationFrame(own.frame);
  own.nv?.cleanup();
  own.nv?.gl.getExtension("WEBGL_lose_context")?.loseContext();
  own.nv = null;
}
