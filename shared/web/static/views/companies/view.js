// The list of companies.

/** @import { Company, Page } from "../../core/contract.ts" */
/** @import { ListKind } from "../list/list.js" */

import { api } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { companyHref } from "../../core/router.js";
import { meetCompany } from "../../parts/known.js";
import { learnTotal, showList } from "../list/list.js";
import { COLUMNS } from "./columns.js";
import { FILTERS } from "./filters.js";

/** @type {ListKind<Company>} */
const companies = {
  view: "companies",
  defaultSort: "-lastActivity",
  keyOf: (company) => company.key,
  nameOf: (company) => company.name || t("unnamed.company"),
  address: (company) => companyHref(company.key),
  columns: COLUMNS,
  filters: FILTERS,
  note: ({ query }) => (/(open|won)Value$/.test(query.get("sort") ?? "") ? t("value.grouped.companies") : null),
};

/** @type {import("../index.js").ViewModule<Page<Company>>} */
export const view = {
  load: async (route, signal) => {
    const page = await api.companies(route.query, signal);
    for (const { key, name } of page.items) meetCompany(key, name);
    learnTotal("companies", route, page.total);
    return page;
  },
  show: (root, page, route) => showList(root, companies, route, page),
  version: (page) => page.dataVersion,
};
