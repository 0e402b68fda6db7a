// Style sheets of rooms, loaded when the room is first shown.

/** @type {Map<string, Promise<void>>} */
const loaded = new Map();

/** @param {string} path under /app, such as "views/activity/activity.css" */
export function useStyles(path) {
  let known = loaded.get(path);
  if (!known) {
    known = new Promise((resolve, reject) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = `/app/${path}`;
      link.onload = () => resolve();
      link.onerror = () => {
        loaded.delete(path);
        link.remove();
        reject(new Error(`The style sheet ${path} could not be loaded`));
      };
      document.head.append(link);
    });
    loaded.set(path, known);
  }
  return known;
}
