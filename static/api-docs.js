// Lists what the OpenAPI document describes, and lets one send each request. Everything shown is text, never markup.

const METHODS = ["get", "post", "put", "patch", "delete"];
const token = document.querySelector("#token");
const problem = document.querySelector("#problem");
/** What the last answers were about, so that the next request is about the same. */
const last = {};

token.value = sessionStorage.getItem("parlor-api-token") ?? "";
token.addEventListener("change", () => sessionStorage.setItem("parlor-api-token", token.value.trim()));

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Follows a `$ref` within the document. */
function resolve(document, value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((at, key) => at?.[key], document);
}

function field(id, label, hint, input) {
  const described = hint ? `${id}-hint` : undefined;
  input.id = id;
  if (described) input.setAttribute("aria-describedby", described);
  return element("div", { class: "field" }, element("label", { for: id }, label), input, ...(hint ? [element("p", { class: "hint", id: described }, hint)] : []));
}

function operation(document, path, method, what, number) {
  const id = `operation-${number}`;
  const parameters = [...(document.paths[path].parameters ?? []), ...(what.parameters ?? [])].map((one) => resolve(document, one));
  const inputs = new Map();
  const form = element("form", { novalidate: true });
  if (what.description) form.append(element("p", {}, what.description));
  for (const parameter of parameters) {
    const input = element("input", { type: "text", autocomplete: "off", spellcheck: "false" });
    inputs.set(parameter, input);
    form.append(field(`${id}-${parameter.name}`, `${parameter.name}${parameter.required ? "" : " (optional)"}`, parameter.description, input));
  }
  const content = resolve(document, what.requestBody)?.content?.["application/json"];
  let body;
  if (content) {
    body = element("textarea", { spellcheck: "false" });
    const [example] = Object.values(content.examples ?? {});
    body.value = JSON.stringify(example?.value ?? content.example ?? {}, null, 2);
    form.append(field(`${id}-body`, "Body", undefined, body));
  }
  const kinds = Object.keys(resolve(document, what.requestBody)?.content ?? {}).filter((kind) => kind.startsWith("image/"));
  if (kinds.length) {
    body = element("input", { type: "file", accept: kinds.join() });
    form.append(field(`${id}-body`, "File", undefined, body));
  }
  const button = element("button", { class: "button primary" }, "Send");
  const answer = element("div", { class: "answer", "aria-live": "polite", hidden: true });
  form.append(element("div", { class: "row" }, button), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await send(path, method, inputs, body, answer);
    } finally {
      button.disabled = false;
    }
  });
  const details = element(
    "details",
    { class: "operation" },
    element("summary", {}, element("span", { class: "method" }, method.toUpperCase()), element("span", { class: "path" }, path), element("span", { class: "what" }, what.summary ?? "")),
    form,
  );
  details.addEventListener("toggle", () => {
    for (const [parameter, input] of inputs) {
      if (details.open && parameter.in === "path" && !input.value) input.value = last[parameter.name] ?? "";
    }
  });
  return details;
}

async function send(path, method, inputs, body, answer) {
  // What is shown is never the answer to an earlier request.
  answer.replaceChildren();
  const query = new URLSearchParams();
  let address = path;
  for (const [parameter, input] of inputs) {
    const value = input.value.trim();
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(value || "-"));
    else if (value) query.set(parameter.name, value);
  }
  if (query.size) address += `?${query}`;
  const headers = {};
  if (token.value.trim()) headers.Authorization = `Bearer ${token.value.trim()}`;
  const [file] = body?.files ?? [];
  if (body) headers["Content-Type"] = body.files ? (file?.type ?? "image/png") : "application/json";
  let response;
  try {
    response = await fetch(address, { method: method.toUpperCase(), headers, body: body?.files ? file : body?.value });
  } catch (error) {
    show(answer, false, "No answer", String(error.message));
    return;
  }
  const line = `${response.status} ${response.statusText}`;
  const kind = response.headers.get("content-type") ?? "";
  if (kind.startsWith("image/")) {
    show(answer, response.ok, line, kind);
    // The page may load pictures from this server only, so it is asked for once more.
    const picture = element("img", { alt: "The picture", src: address });
    answer.append(picture);
    return;
  }
  const text = await response.text();
  let shown = text;
  try {
    const parsed = JSON.parse(text);
    shown = JSON.stringify(parsed, null, 2);
    if (response.ok) remember(parsed);
  } catch {
    // Shown as it came.
  }
  show(answer, response.ok, line, shown);
}

function remember(parsed) {
  if (typeof parsed.token === "string") {
    token.value = parsed.token;
    token.dispatchEvent(new Event("change"));
  }
  if (typeof parsed.room_code === "string") last.code = parsed.room_code;
}

function show(answer, ok, line, text) {
  answer.hidden = false;
  answer.classList.toggle("refused", !ok);
  answer.replaceChildren(element("strong", {}, line), element("pre", { tabindex: "0" }, text));
}

function list(document_) {
  const groups = new Map((document_.tags ?? []).map(({ name, description }) => [name, { description, operations: [] }]));
  let number = 0;
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const what = methods[method];
      const tag = what.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, { operations: [] });
      groups.get(tag).operations.push(operation(document_, path, method, what, (number += 1)));
    }
  }
  const target = document.querySelector("#operations");
  for (const [name, { description, operations }] of groups) {
    target.append(element("section", {}, element("h2", {}, name), ...(description ? [element("p", { class: "hint" }, description)] : []), ...operations));
  }
}

try {
  const response = await fetch("/api/openapi.json");
  if (!response.ok) throw new Error(`the document is not there: ${response.status}`);
  list(await response.json());
} catch (error) {
  problem.textContent = `The list cannot be shown: ${error.message}`;
  problem.hidden = false;
}
