// The latest queries of this browser; where storage is forbidden there is none, and nothing breaks.
const KEY = "twingraph.queries";
const MOST = 20;

export function createHistory() {
  const entries = () => {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(stored) ? stored.filter((text) => typeof text === "string") : [];
    } catch {
      return [];
    }
  };
  return {
    entries,
    add(text) {
      try {
        localStorage.setItem(KEY, JSON.stringify([text, ...entries().filter((old) => old !== text)].slice(0, MOST)));
      } catch {
        // full or forbidden: the query has been answered all the same
      }
    },
  };
}
