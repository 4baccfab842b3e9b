// Lists the operations of /api/openapi.json and sends requests.

const token = document.querySelector("#token");
const list = document.querySelector("#operations");

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

async function send(method, path, body) {
  const headers = { ...(token.value && { Authorization: `Bearer ${token.value}` }), ...(body && { "Content-Type": "application/json" }) };
  const response = await fetch(path, { method, headers, body });
  const text = await response.text();
  try {
    return { status: response.status, text: JSON.stringify(JSON.parse(text), null, 2), json: JSON.parse(text) };
  } catch {
    return { status: response.status, text };
  }
}

function operation(path, method, { summary, parameters = [], requestBody }) {
  const box = element("details");
  const head = element("summary");
  head.append(element("b", method.toUpperCase()), ` ${path} — ${summary}`);
  const form = element("form");
  const inputs = parameters.map((parameter) => {
    const field = element("label", undefined, { class: "field" });
    const input = element("input", undefined, { autocomplete: "off", ...(parameter.required && { required: "" }) });
    field.append(`${parameter.name}: ${parameter.description}`, input);
    form.append(field);
    return { parameter, input };
  });
  let body;
  if (requestBody) {
    const field = element("label", "Body", { class: "field" });
    body = element("textarea", JSON.stringify(requestBody.content["application/json"].example, null, 2));
    field.append(body);
    form.append(field);
  }
  const answer = element("pre", undefined, { "aria-live": "polite" });
  form.append(element("button", "Send"), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    let target = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(parameter.name, input.value);
    }
    const { status, text } = await send(method.toUpperCase(), query.size ? `${target}?${query}` : target, body?.value);
    answer.textContent = `${status}\n${text}`;
  });
  box.append(head, form);
  list.append(box);
}

document.querySelector("#guest").addEventListener("click", async () => {
  const { json } = await send("POST", "/api/auth/guest", "{}");
  if (json?.token) token.value = json.token;
});

const description = await (await fetch("/api/openapi.json")).json();
for (const [path, methods] of Object.entries(description.paths)) {
  for (const [method, details] of Object.entries(methods)) operation(path, method, details);
}
