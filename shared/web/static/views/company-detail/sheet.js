// One company in the dialog, with its referrals and, where it needs review, how to settle that.

/** @import { CompanyDetail } from "../../core/contract.ts" */
/** @import { SheetModule } from "../index.js" */

import { api } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { m365Badge, reviewBadge } from "../../parts/badges.js";
import { fillSheet } from "../../parts/dialog.js";
import { meetCompany } from "../../parts/known.js";
import { SECTIONS, TOOLS } from "./sections.js";

/** @type {SheetModule<CompanyDetail>} */
export const sheet = {
  load: async (key, signal) => {
    const company = await api.company(key, signal);
    meetCompany(company.key, company.name);
    meetCompany(key, company.name); // an address from before it was merged
    return company;
  },
  show: (name, company) =>
    fillSheet(
      name,
      {
        over: company.domain ?? t("company.noDomain"),
        title: company.name || t("unnamed.company"),
        badges: [m365Badge(company), reviewBadge(company)],
        actions: TOOLS.map((build) => build(company)),
      },
      ...SECTIONS.map((build) => build(company)),
    ),
};
