// Prints the events of an iCalendar file as ical.js reads them: [uid, first, after, summary].
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], "utf-8")));
const events = calendar.getAllSubcomponents("vevent").map((component) => new ICAL.Event(component));
console.log(
  JSON.stringify(
    events.map((event) => [event.uid, event.startDate.toString(), event.endDate.toString(), event.summary]),
  ),
);
