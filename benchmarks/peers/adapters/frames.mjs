// What a page showed frame by frame, as rows: each state stands until the next frame.

// [[time_s, class, openness or null], ...] -> [[start_s, end_s, class, openness or null], ...]; equal neighbours
// become one, and the mouth rests until the first frame.
export function rowsOf(frames, seconds, atRest) {
  const found = [];
  let state = [0, atRest, 0];
  const until = (end) => {
    const [start, name, openness] = state;
    if (end <= start) return;
    const last = found.at(-1);
    if (last && last[2] === name && last[3] === openness) last[1] = end;
    else found.push([start, end, name, openness]);
  };
  for (const frame of frames) {
    until(frame[0]);
    state = frame;
  }
  until(seconds);
  return found;
}

// A share as a number from 0 to 1 with three digits.
export function share(value) {
  return Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;
}
