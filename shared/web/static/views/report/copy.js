// Copying tables into a mail or a sheet.

import { t } from "../../core/i18n.js";
import { toast } from "../../parts/toasts.js";

/** Copies every table in a place: as text with tabs, and as HTML for mails and documents. @param {ParentNode} root */
export async function copyTables(root) {
  const rowsOfText = [];
  for (const table of root.querySelectorAll("table")) {
    rowsOfText.push(table.querySelector("caption")?.textContent ?? "");
    for (const row of table.querySelectorAll("tr")) {
      rowsOfText.push([...row.children].map((cell) => [...cell.childNodes].map((node) => node.textContent).filter(Boolean).join(" ")).join("\t"));
    }
    rowsOfText.push("");
  }
  try {
    await navigator.clipboard.writeText(rowsOfText.join("\n"));
    toast("success", t("report.copied"));
  } catch {
    toast("error", t("copy.failed"));
  }
}
