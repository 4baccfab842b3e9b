//! As much of JSON Schema as the document uses.

use serde_json::Value;

/// Panics when `value` is not what `schema` says; `at` is where we are in the value.
pub fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        check(document, resolve(document, reference), value, at);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let fits = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the document uses the type {other}"),
    };
    assert!(kinds.is_empty() || kinds.into_iter().any(fits), "{at} should be {}: {value}", schema["type"]);
    assert!(schema.get("const").is_none_or(|only| only == value), "{at} should be {}: {value}", schema["const"]);
    assert!(schema["enum"].as_array().is_none_or(|any| any.contains(value)), "{at} should be one of {}: {value}", schema["enum"]);
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{at} should have `{name}`: {value}");
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(document, inner, value, &format!("{at}.{name}"));
        }
    }
    if let (Some(inner), Some(values)) = (schema.get("items"), value.as_array()) {
        values.iter().enumerate().for_each(|(n, value)| check(document, inner, value, &format!("{at}[{n}]")));
    }
}

/// What a `$ref` means.
pub fn resolve<'a>(document: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference.strip_prefix('#').expect("references stay in the document");
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}
