// Prints the events of iCalendar files as ical.js reads them: a list for each file, of
// [uid, first, after, summary].
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const read = (path) =>
  new ICAL.Component(ICAL.parse(readFileSync(path, "utf-8")))
    .getAllSubcomponents("vevent")
    .map((component) => new ICAL.Event(component))
    .map((event) => [event.uid, event.startDate.toString(), event.endDate.toString(), event.summary]);
console.log(JSON.stringify(process.argv.slice(2).map(read)));
