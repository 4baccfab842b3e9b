//! Taking somebody's name out of what was logged, when they delete themselves. What they did stays, under another name.

use serde_json::Value;

use crate::id::PlayerId;

/// An event's body without the name of `player`; `None` when it has none. A name stands right behind the id it belongs to.
pub fn event(body: &str, player: PlayerId, instead: &str) -> Option<String> {
    let mark = format!("\"id\":\"{player}\",\"nickname\":");
    let instead = Value::from(instead).to_string();
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once(&mark) {
        // The name as JSON, whatever is in it.
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<&serde_json::value::RawValue>();
        let name = values.next()?.ok()?.get().len();
        out.push_str(before);
        out.push_str(&mark);
        out.push_str(&instead);
        rest = after.get(name..)?;
    }
    out.push_str(rest);
    (out != body).then_some(out)
}

/// A room's listing without the name of `player`; `None` when it has none.
pub fn listing(listing: &str, player: PlayerId, instead: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(listing).ok()?;
    let id = player.to_string();
    let seat = value["players"].as_array_mut()?.iter_mut().find(|seat| seat["player_id"] == id.as_str())?;
    let (name, host) = (seat["nickname"].take(), seat["is_host"] == true);
    seat["nickname"] = instead.into();
    let copy = if host { "host_nickname" } else { "guest_nickname" };
    if value[copy] == name {
        value[copy] = instead.into();
    }
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_name_behind_the_id_is_replaced() {
        let (ada, ben) = (PlayerId::random(), PlayerId::random());
        for name in ["Ada", "A\"d\\a", "{\"id\":", "😀", "\u{1}"] {
            let (own, other) = (json!(name), json!("Ada"));
            let body = format!(
                r#"{{"said":{{"player":{{"id":"{ada}","nickname":{own},"guest":true}},"to":{{"id":"{ben}","nickname":{other}}},"message":{own}}}}}"#
            );
            let found = event(&body, ada, "Somebody").unwrap();
            let value: Value = serde_json::from_str(&found).unwrap();
            assert_eq!(value["said"]["player"]["nickname"], "Somebody");
            assert_eq!((&value["said"]["to"]["nickname"], &value["said"]["message"]), (&other, &own));
            assert_eq!(event(&body, PlayerId::random(), "Somebody"), None);
        }
    }

    #[test]
    fn a_listing_loses_the_name_in_both_places() {
        let (ada, ben) = (PlayerId::random(), PlayerId::random());
        let both = json!({ "host_nickname": "Ada", "guest_nickname": "Ben", "players": [
            { "player_id": ada, "nickname": "Ada", "is_host": true }, { "player_id": ben, "nickname": "Ben", "is_host": false } ] });
        let without: Value = serde_json::from_str(&listing(&both.to_string(), ben, "Somebody").unwrap()).unwrap();
        assert_eq!((&without["guest_nickname"], &without["players"][1]["nickname"]), (&json!("Somebody"), &json!("Somebody")));
        assert_eq!(without["host_nickname"], "Ada");
        assert_eq!(listing(&both.to_string(), PlayerId::random(), "Somebody"), None);
        assert_eq!(listing("{}", ada, "Somebody"), None);
    }
}
