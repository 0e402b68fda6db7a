// Lints the page. No dependency but eslint itself: the few browser globals that are used are named here.

const browser = [
  "AbortController", "Blob", "CSS", "DOMException", "Event", "FormData", "MouseEvent", "Node", "HTMLDetailsElement", "HTMLElement", "HTMLInputElement", "Element", "URL", "URLSearchParams", "clearTimeout", "crypto",
  "document", "addEventListener", "fetch", "getSelection", "history", "localStorage", "location", "navigator", "print", "reportError",
  "requestAnimationFrame", "scrollTo", "setInterval", "setTimeout",
];

const noHtml = "Text of strangers must only ever become a text node.";

module.exports = [
  { ignores: [".venv/", ".local/", "bench/results/"] },
  {
    files: ["shared/web/static/**/*.js"],
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: "module",
      globals: Object.fromEntries(browser.map((name) => [name, "readonly"])),
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "off",
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-alert": "error",
      "no-cond-assign": "error",
      "no-console": "error",
      "no-const-assign": "error",
      "no-dupe-args": "error",
      "no-dupe-keys": "error",
      "no-duplicate-imports": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-script-url": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-undef": "error",
      "no-unreachable": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": "error",
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "srcdoc"].map((property) => ({ property, message: noHtml })),
        { object: "document", property: "write", message: noHtml },
        { property: "sessionStorage", message: "The address is the state." },
      ],
    },
  },
];
