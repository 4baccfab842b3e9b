//! Results and replays of games that were played.

use crate::support::{Person, look, play_to_the_end, site};

#[tokio::test]
async fn a_finished_game_is_shown_and_replayed_event_by_event() {
    let site = site(&[]).await;
    let (mut ada, mut eve) = (Person::new(&site), Person::new(&site));
    let code = ada.opens("Ada", "private").await;
    let lobby = format!("/room/{code}");
    ada.submit(&lobby, &format!("/room/{code}/bot"), &[("action", "add"), ("seat", "1"), ("level", "easy")]).await;
    ada.submit(&lobby, &format!("/room/{code}/start"), &[]).await;
    let running = eve.get(&format!("/replay/{code}")).await;
    running.has("The game began").has("still secret").has("sealed until the end");
    play_to_the_end(&site, code, ada.id()).await;

    assert_eq!(ada.get(&lobby).await.to(), format!("/results/{code}"));
    assert_eq!(eve.get(&format!("/join/{code}")).await.to(), format!("/results/{code}"));
    let results = ada.get(&format!("/results/{code}")).await;
    results
        .has("data-verdict=\"verified\"")
        .has("all 10 draws")
        .has("Bot (easy)")
        .has("(you)")
        .has("Rematch")
        .lacks("still secret");
    eve.get(&format!("/results/{code}")).await.has("data-verdict=\"verified\"").lacks("(you)").lacks("Rematch");
    ada.get(&format!("/play/{code}")).await.has("data-role=\"host\"");

    let last = look(&site, code, ada.id()).await.seq.0;
    let mut filled = 0;
    for at in 0..=last {
        let page = eve.get(&format!("/replay/{code}?at={at}")).await;
        assert_eq!(page.status, 200, "{at}");
        page.has(&format!("data-testid=\"at\">{at}</output> of {last}")).has("data-verdict=\"verified\"");
        let now = page.html.matches("slot filled").count();
        assert!(now == filled || now == filled + 1, "{at}: {filled} then {now}");
        assert_eq!(page.html.matches(" fresh\"").count(), now - filled, "{at}");
        assert!(page.html.matches("to move").count() <= 1);
        filled = now;
    }
    assert_eq!(filled, 10);
    eve.get(&format!("/replay/{code}?at=0")).await.has("Before the first move").lacks("to move");
    eve.get(&format!("/replay/{code}?at=1")).await.has("The room was opened");
    for (at, status) in [("4294967295", 200), ("", 400), ("-1", 400), ("x", 400), ("4294967296", 400), ("1%00", 400)] {
        assert_eq!(eve.get(&format!("/replay/{code}?at={at}")).await.status, status, "{at}");
    }
}

#[tokio::test]
async fn a_game_that_everybody_left_has_no_winner() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    let code = ada.opens("Ada", "private").await;
    let lobby = format!("/room/{code}");
    ada.submit(&lobby, &format!("/room/{code}/bot"), &[("action", "add"), ("seat", "1")]).await;
    ada.submit(&lobby, &format!("/room/{code}/start"), &[]).await;
    assert_eq!(ada.submit("/", &format!("/room/{code}/leave"), &[]).await.to(), "/");
    let results = ada.get(&format!("/results/{code}")).await;
    assert_eq!(results.status, 200);
    results.has("Nobody wins").has("Everybody left.").has("data-verdict=\"verified\"");
    assert_eq!(ada.get(&format!("/play/{code}")).await.to(), format!("/results/{code}"));
    assert_eq!(ada.get(&format!("/replay/{code}")).await.status, 200);
}
