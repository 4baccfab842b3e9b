use std::collections::HashSet;

use super::*;
use crate::games::draft::catalogue::CatalogueError;

/// The small catalogue with `from` replaced by `to` is refused with `message`.
fn check(from: &str, to: &str, message: &str) {
    assert!(SMALL.contains(from), "{from}");
    let error = Catalogue::from_json(&SMALL.replacen(from, to, 1)).unwrap_err().to_string();
    assert_eq!(error, message);
}

#[test]
fn a_catalogue_with_a_mistake_is_refused_naming_the_entry() {
    check("\"id\": 12", "\"id\": 11", "character id 11 is used twice, by \"Ann\" and \"Bob\"");
    check("\"id\": 21", "\"id\": 11", "character id 11 is used twice, by \"Ann\" and \"Cid\"");
    check("\"id\": 2,", "\"id\": 1,", "series id 1 is used twice, by \"Teapots\" and \"Kettles\"");
    check("\"Brain\": 20, ", "", "character 12 (Bob): no rating for role \"Brain\", which template 7 (Duo) uses");
    check("\"Brain\": 20", "\"Brain\": 101", "character 12 (Bob): the rating for role \"Brain\" is 101, but must be 1 to 100");
    check("\"Brain\": 20", "\"Brain\": 0", "character 12 (Bob): the rating for role \"Brain\" is 0, but must be 1 to 100");
    check("[\"Brain\", \"Brawn\"]", "[\"Brain\"]", "template 7 (Duo): it has 1 roles, but must have 2 to 12");
    check("[\"Brain\", \"Brawn\"]", "[\"Brain\", \"Brain\"]", "template 7 (Duo): role \"Brain\" is named twice");
    check("[\"Brain\", \"Brawn\"]", "[\"Brain\", \" \"]", "template 7 (Duo): the name of a role must have 1 to 80 characters");
    check("\"Cid\"", "\"\"", "character 21 (): the name must have 1 to 80 characters");
    check("\"Kettles\"", "\" \"", "series 2 ( ): the name must have 1 to 80 characters");
    check("\"Thinks.\"", &format!("\"{}\"", "é".repeat(301)), "character 11 (Ann): the text must have 1 to 300 characters");
    check(
        "\"id\": 7",
        "\"id\": \"7\"",
        "the catalogue cannot be read: invalid type: string \"7\", expected u32 at line 2 column 27",
    );
}

#[test]
fn a_catalogue_without_content_is_refused() {
    let fails = |json: &str| Catalogue::from_json(json).unwrap_err();
    assert_eq!(fails(r#"{ "templates": [], "series": [] }"#), CatalogueError::Empty("templates"));
    let template = r#"{ "id": 1, "name": "T", "roles": ["A", "B"] }"#;
    assert_eq!(fails(&format!(r#"{{ "templates": [{template}], "series": [] }}"#)), CatalogueError::Empty("series"));
    let bare = format!(r#"{{ "templates": [{template}], "series": [{{ "id": 4, "name": "S", "characters": [] }}] }}"#);
    assert_eq!(fails(&bare), CatalogueError::NoCharacters { series: "4 (S)".into() });
    let twice = format!(r#"{{ "templates": [{template}, {template}], "series": [] }}"#);
    assert!(matches!(fails(&twice), CatalogueError::SameId { what: "template", id: 1, .. }));
    for junk in ["", "[]", "{}", "null", "{\"templates\": 3}", "\u{0}"] {
        assert!(matches!(fails(junk), CatalogueError::NotACatalogue(_)), "{junk:?}");
    }
    let many: Vec<_> = (0..1_001).map(|id| format!(r#"{{ "id": {id}, "name": "N", "ratings": {{ "A": 1, "B": 1 }} }}"#)).collect();
    let many =
        format!(r#"{{ "templates": [{template}], "series": [{{ "id": 4, "name": "S", "characters": [{}] }}] }}"#, many.join(","));
    assert_eq!(fails(&many), CatalogueError::TooBig(1_001));
}

#[test]
fn the_shipped_catalogue_is_large_named_well_and_balanced() {
    let catalogue = Catalogue::default();
    assert!(catalogue.series().len() >= 8 && catalogue.templates().len() >= 3);
    assert!(catalogue.templates().iter().all(|template| (5..=7).contains(&template.roles.len())));
    let roles: HashSet<_> = catalogue.templates().iter().flat_map(|template| &template.roles).collect();
    let names: HashSet<_> =
        catalogue.series().iter().flat_map(|series| &series.characters).map(|character| &character.name).collect();
    assert_eq!(names.len(), catalogue.series().iter().map(|series| series.characters.len()).sum::<usize>());

    let mean = |of: &[u32]| of.iter().sum::<u32>() / u32::try_from(of.len()).unwrap();
    for series in catalogue.series() {
        assert!(series.characters.len() >= 10 && !series.about.is_empty(), "{}", series.name);
        let mut all = vec![];
        for character in &series.characters {
            let ratings: Vec<_> = roles.iter().map(|role| u32::from(character.rating(role).unwrap())).collect();
            assert!(!character.about.is_empty(), "{}", character.name);
            assert!((45..=52).contains(&mean(&ratings)), "{} is as useful as others: {}", character.name, mean(&ratings));
            assert!(ratings.iter().max() >= Some(&60), "{} is good at something", character.name);
            all.extend(ratings);
        }
        assert!((47..=50).contains(&mean(&all)), "{} is as strong as others: {}", series.name, mean(&all));
    }
    for role in roles {
        let all: Vec<_> = names_in(&catalogue, role);
        assert!((42..=60).contains(&mean(&all)), "{role} is neither easy nor hard to fill: {}", mean(&all));
        assert!(all.iter().filter(|&&rating| rating >= 70).count() >= 6, "{role} has several good candidates");
    }
}

fn names_in(catalogue: &Catalogue, role: &str) -> Vec<u32> {
    let characters = catalogue.series().iter().flat_map(|series| &series.characters);
    characters.map(|character| u32::from(character.rating(role).unwrap())).collect()
}
