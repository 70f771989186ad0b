// Series as they stand in the page, and the time axes: sessions put end to end, and one day.
"use strict";

// Differences back to values.
function undelta(list, digits = 0) {
  const unit = 10 ** -digits;
  let sum = 0;
  return list.map((value) => (sum += value) * unit);
}

// Sessions end to end: nights take no room. Step s is the end of the s-th stretch of step_ms.
class Clock {
  constructor(series) {
    this.days = series.days;
    this.stepSeconds = series.step_ms / 1000;
    this.end = this.days.length ? this.days.at(-1).step + this.days.at(-1).steps - 1 : 0;
  }

  dayOfStep(step) {
    let [low, high] = [0, this.days.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.days[middle].step <= step) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // Seconds of the local day.
  opening(day) {
    const { first_ms: first, offset_s: offset } = this.days[day];
    return (((first / 1000 + offset) % 86400) + 86400) % 86400;
  }

  secondsOfStep(step) {
    const day = this.dayOfStep(step);
    return this.opening(day) + (step - this.days[day].step + 1) * this.stepSeconds;
  }

  stepOfTime(ms) {
    const day = this.dayOfTime(ms);
    return this.days[day].step + (ms - this.days[day].first_ms) / 1000 / this.stepSeconds - 1;
  }

  dayOfTime(ms) {
    let day = 0;
    while (day + 1 < this.days.length && this.days[day + 1].first_ms <= ms) day++;
    return day;
  }

  secondsOfTime(ms) {
    const day = this.dayOfTime(ms);
    return this.opening(day) + (ms - this.days[day].first_ms) / 1000;
  }

  text(ms) {
    return `${this.days[this.dayOfTime(ms)].date} ${timeOfDay(this.secondsOfTime(ms), 1)}`;
  }

  label(step) {
    return `${this.days[this.dayOfStep(step)].date} ${timeOfDay(this.secondsOfStep(step), 1)}`;
  }

  // Where to put labels between two steps on so many pixels: days, or times of day when few.
  marks(low, high, pixels) {
    const first = this.dayOfStep(Math.max(0, low));
    const last = this.dayOfStep(Math.min(this.end, high));
    const room = Math.max(2, pixels / 86);
    const list = [];
    if (last - first + 1 > room / 2 || (last - first >= 2 && this.stepSeconds >= 3600)) {
      const every = Math.max(1, Math.ceil((last - first + 1) / room));
      for (let day = first; day <= last; day += every) list.push({ at: this.days[day].step - 1, text: this.days[day].date });
      return list.filter((mark) => mark.at >= low && mark.at <= high);
    }
    const every = niceSeconds(((high - low) * this.stepSeconds) / room);
    for (let day = first; day <= last; day++) {
      const open = this.opening(day);
      const close = open + this.days[day].steps * this.stepSeconds;
      list.push({ at: this.days[day].step - 1, text: first === last ? timeOfDay(open) : this.days[day].date });
      for (let s = Math.ceil((open + 0.4 * every) / every) * every; s < close - 0.4 * every; s += every) {
        list.push({ at: this.days[day].step + (s - open) / this.stepSeconds - 1, text: timeOfDay(s, every < 60 ? 1 : 0) });
      }
    }
    return list.filter((mark) => mark.at >= low && mark.at <= high);
  }
}

function niceSeconds(rough) {
  const list = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 86400];
  return list.find((value) => value >= rough) || 86400;
}

// Labels of one day's axis, in seconds of the day.
function dayMarks(low, high, pixels) {
  const every = niceSeconds((high - low) / Math.max(2, pixels / 80));
  const list = [];
  for (let s = Math.ceil(low / every) * every; s <= high; s += every) {
    list.push({ at: s, text: timeOfDay(s, every < 60 ? 1 : 0) });
  }
  return list;
}
