//! The pages about accounts that only the server renders, and their forms.

use push_system::{
    accounts::{Role, Username},
    ports::Clock as _,
};
use server::store::NewAccount;

use crate::{
    app::TestApp,
    http::{Browser, PASSWORD},
};

/// The pages that only admins see.
const ADMINS_PAGES: &[&str] = &["/admin", "/admin/people/1", "/admin/invitations", "/admin/log", "/admin/server"];

/// Where an admin looks at this person.
async fn page_of(app: &TestApp, name: &str) -> String {
    let account = app.store.account_named(&Username::parse(name).unwrap()).await.unwrap().unwrap();
    format!("/admin/people/{}", account.person.id)
}

/// The ids of the sessions that the page offers to end.
async fn sessions_on_page(browser: &Browser) -> Vec<String> {
    let page = browser.opens("/settings/sessions").await.is(200);
    let ids = page.body.split("name=\"session\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    ids.filter(|id| *id != "others").map(str::to_owned).collect()
}

#[tokio::test]
async fn an_admins_pages_are_an_admins() {
    let app = TestApp::start().await;
    let (ana, bob, nobody) = (app.browser(), app.browser(), app.browser());
    ana.registers("ana").await;
    bob.registers("bob").await;
    for page in ADMINS_PAGES {
        ana.opens(page).await.is(200).shows("Administration");
        bob.opens(page).await.is(403).shows("That is not allowed").hides("Invitations");
        let next: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
        nobody.opens(page).await.leads(&format!("/login?next={next}"));
    }
    for (form, fields) in [
        ("/admin/people/1", [("act", "disable")]),
        ("/admin/invitations", [("days", "7")]),
        ("/admin/invitations", [("delete", "x")]),
        ("/admin/server", [("registration", "closed")]),
    ] {
        bob.sends(form, &fields).await.is(403).shows("That is not allowed");
    }
    ana.opens("/admin/people/999").await.is(404).shows("There is nothing here");
    ana.opens("/admin/people/ana").await.is(404).shows("There is nothing here");
    ana.sends("/admin/people/1", &[("act", "explode")]).await.is(404);
    app.finish().await;
}

#[tokio::test]
async fn what_is_shown_of_accounts_is_not_given_to_the_browsers_program() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.browser(), app.browser());
    ana.registers("ana").await;
    bob.registers("bob").await;
    let page = page_of(&app, "bob").await;
    ana.sends(&page, &[("act", "reset_password")]).await.leads(&page);
    let answer = ana.opens(&page).await.is(200).shows("New password of bob");
    let password = answer.body.split("id=\"once\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    let password = password.and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    assert_eq!(answer.body.matches(&password).count(), 1, "{}", answer.body);
    ana.opens(&page).await.is(200).hides(&password);
    bob.sends("/login", &[("username", "bob"), ("password", PASSWORD)]).await.is(401);
    bob.sends("/login", &[("username", "bob"), ("password", &password)]).await.leads("/");
    app.finish().await;
}

#[tokio::test]
async fn what_is_shown_once_is_shown_on_its_page_alone_and_kept_by_no_script_and_for_no_time() {
    let app = TestApp::start().await;
    let ana = app.browser();
    ana.registers("ana").await;
    app.person("bob").await;
    let (own, page) = (page_of(&app, "ana").await, page_of(&app, "bob").await);
    let answer = ana.sends(&page, &[("act", "reset_password")]).await.leads(&page);
    let [line] = &answer.cookies()[..] else { panic!("one cookie: {:?}", answer.cookies()) };
    for rule in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"] {
        assert!(line.contains(rule), "{line}");
    }
    ana.opens(&own).await.is(200).hides("New password of");
    ana.opens(&page).await.is(200).hides("New password of");
    ana.sends(&page, &[("act", "reset_password")]).await.leads(&page);
    ana.opens(&page).await.is(200).shows("New password of bob");
    ana.opens(&page).await.is(200).hides("New password of");
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_was_accepted_leads_to_a_page_that_says_so() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.browser(), app.browser());
    ana.registers("ana").await;
    bob.registers("bob").await;
    let page = page_of(&app, "bob").await;
    for (act, done, sentence) in [
        ("disable", "disabled", "The account is disabled."),
        ("enable", "enabled", "The account is enabled."),
        ("make_admin", "made_admin", "They are an admin now."),
        ("make_member", "made_member", "They are a member now."),
        ("end_sessions", "sessions_ended", "All their sessions were ended."),
    ] {
        let address = format!("{page}?done={done}");
        ana.sends(&page, &[("act", act)]).await.leads(&address);
        ana.opens(&address).await.is(200).shows(sentence);
    }
    ana.opens(&format!("{page}?done=%3Cb%3Epay+here")).await.is(200).hides("pay here");
    for elsewhere in ["/settings/sessions?done=disabled", "/admin?done=disabled", "/admin/server?done=disabled"] {
        ana.opens(elsewhere).await.is(200).hides("The account is disabled.");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_was_refused_is_shown_where_it_stands() {
    let app = TestApp::start().await;
    let ana = app.browser();
    ana.registers("ana").await;
    app.person("bob").await;
    let (own, bobs) = (page_of(&app, "ana").await, page_of(&app, "bob").await);
    for act in ["disable", "make_member"] {
        ana.sends(&own, &[("act", act)]).await.is(409).shows("This is the last admin.");
    }
    ana.sends(&own, &[("act", "delete"), ("name", "ana")]).await.is(409).shows("This is the last admin.");
    ana.sends(&bobs, &[("act", "delete"), ("name", "ana")])
        .await
        .is(422)
        .shows("That is not the name of this account.");
    ana.sends("/admin/invitations", &[("days", "31")]).await.is(422).shows("1 to 30 days");
    ana.sends(&bobs, &[("act", "delete"), ("name", "bob")]).await.leads(&format!("{bobs}?done=deleted"));
    ana.opens(&bobs).await.is(200).shows("This account was deleted.").hides("Reset password");
    app.finish().await;
}

#[tokio::test]
async fn people_are_found_by_how_their_names_begin() {
    let app = TestApp::start().await;
    let ana = app.browser();
    ana.registers("ana").await;
    app.person("bob").await;
    app.person("bo.peep").await;
    ana.opens("/admin").await.is(200).shows(">bob<").shows(">bo.peep<");
    ana.opens("/admin?q=bob").await.is(200).shows(">bob<").hides(">bo.peep<");
    ana.opens("/admin?q=%40BOB").await.is(200).shows(">bob<").hides(">bo.peep<");
    ana.opens("/admin?q=eep").await.is(200).shows("Nobody is called “eep…”");
    ana.opens("/admin?after=1").await.is(200).shows(">bob<").shows("First page");
    ana.opens("/admin?after=999999").await.is(200).shows("There is nobody further on").hides("Nobody is called");
    app.finish().await;
}

#[tokio::test]
async fn people_who_are_looked_for_come_in_pages_too() {
    let app = TestApp::start().await;
    let ana = app.browser();
    ana.registers("ana").await;
    for n in 0..51 {
        let account = NewAccount {
            name: Username::parse(&format!("svc-{n:02}")).unwrap(),
            email: None,
            password_hash: "none".to_owned(),
            role: Role::Member,
            at: app.clock.now(),
            notes: Vec::new(),
        };
        app.store.register(account).await.unwrap().unwrap();
    }
    let first = ana.opens("/admin?q=svc").await.is(200).shows(">svc-00<").shows(">svc-49<").hides(">svc-50<");
    let next = first.body.split("href=\"/admin?q=svc&amp;after=").nth(1).and_then(|rest| rest.split('"').next());
    let last = ana.opens(&format!("/admin?q=svc&after={}", next.expect("a way on"))).await.is(200);
    last.shows(">svc-50<").hides(">svc-49<").shows("First page").hides("Next page");
    app.finish().await;
}

#[tokio::test]
async fn an_admin_changes_their_own_password_where_the_old_one_is_asked_for() {
    let app = TestApp::start().await;
    let ana = app.browser();
    ana.registers("ana").await;
    app.person("bob").await;
    let (own, bobs) = (page_of(&app, "ana").await, page_of(&app, "bob").await);
    ana.opens(&bobs).await.is(200).shows("Reset password");
    ana.opens(&own).await.is(200).hides("Reset password").shows("where the old one is asked for");
    ana.sends(&own, &[("act", "reset_password")]).await.is(403).shows("where the old one is asked for");
    ana.opens("/admin").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn a_session_is_ended_by_whoever_knows_the_password() {
    let app = TestApp::start().await;
    let (here, there) = (app.browser(), app.browser());
    here.registers("ana").await;
    there.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/");
    let [other] = &sessions_on_page(&here).await[..] else { panic!("one other session") };
    here.sends("/settings/sessions", &[("session", other), ("password", "")]).await.is(422).shows("Fill this in.");
    let answer = here.sends("/settings/sessions", &[("session", other), ("password", "not the password")]).await;
    answer.is(401).shows("That is not your current password.").hides("not the password");
    there.opens("/").await.is(200);
    let done = here.sends("/settings/sessions", &[("session", other), ("password", PASSWORD)]).await;
    done.leads("/settings/sessions?done=session_ended");
    there.opens("/").await.leads("/login?why=ended");
    assert!(sessions_on_page(&here).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn nobody_ends_the_session_of_another_person() {
    let app = TestApp::start().await;
    let (ana, phone, bob) = (app.browser(), app.browser(), app.browser());
    ana.registers("ana").await;
    phone.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/");
    bob.registers("bob").await;
    let [other] = &sessions_on_page(&ana).await[..] else { panic!("one other session") };
    bob.sends("/settings/sessions", &[("session", other), ("password", PASSWORD)])
        .await
        .is(404)
        .shows("There is no such login");
    phone.opens("/").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn all_other_sessions_are_ended_at_once() {
    let app = TestApp::start().await;
    let (here, there) = (app.browser(), app.browser());
    here.registers("ana").await;
    there.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/");
    here.sends("/settings/sessions", &[("session", "others"), ("password", "not it at all")]).await.is(401);
    let done = here.sends("/settings/sessions", &[("session", "others"), ("password", PASSWORD)]).await;
    done.leads("/settings/sessions?done=others_ended");
    there.opens("/").await.leads("/login?why=ended");
    here.opens("/settings/sessions").await.is(200).shows("You are signed in nowhere else.");
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_opens_a_closed_registration_once() {
    let app = TestApp::start().await;
    let (ana, bob, eve) = (app.browser(), app.browser(), app.browser());
    ana.registers("ana").await;
    ana.sends("/admin/server", &[("registration", "closed")]).await.leads("/admin/server?done=registration_closed");
    bob.opens("/register").await.is(200).shows("This server takes no new accounts.").hides("action=\"/register\"");
    bob.opens("/login").await.is(200).hides("Create an account");

    ana.sends("/admin/invitations", &[("days", "1")]).await.leads("/admin/invitations");
    let made = ana.opens("/admin/invitations").await.is(200);
    let link = made.body.split("/register?invite=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let fields = |name| [("username", name), ("password", PASSWORD), ("invite", link)];
    bob.opens(&format!("/register?invite={link}")).await.is(200).shows("You were invited.").shows(link);
    bob.sends("/register", &fields("ana")).await.is(409).shows("That username is taken").shows(link);
    bob.sends("/register", &fields("bob")).await.leads("/");
    eve.sends("/register", &fields("eve")).await.shows("This invitation was used, or is over.");
    eve.opens("/").await.leads("/login");
    ana.opens("/admin/invitations").await.is(200).shows("bob").hides(link);
    app.finish().await;
}
