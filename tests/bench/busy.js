// Injected into a frame: keeps its main thread busy for 30 ms in every 60 to 90 ms, but only in
// the frame's own turns of the clock, so that two frames do not compete for the machine's cores.

const [turnMs, turn] = arguments;

function spin() {
  if (Math.floor(Date.now() / turnMs) % 2 === turn) {
    const end = performance.now() + 30;
    while (performance.now() < end);
    const { dataset } = document.documentElement;
    dataset.busy = Number(dataset.busy ?? 0) + 1;
  }
  setTimeout(spin, 30 + Math.random() * 30);
}
spin();
