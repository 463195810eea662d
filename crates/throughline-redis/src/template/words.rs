//! Words that are a part of the schema wherever they stand.

use std::sync::{
    LazyLock, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use rustc_hash::FxHashSet;

/// How many words an application can add.
const MOST_NAMED: usize = 1024;

/// Nouns that name kinds of things in keys. None is the name of a person or a place.
const COMMON: &str = "\
    access account accounts action actions active activity address addresses admin admins agent \
    agents aggregate alert alerts all analytics api app apps archive article articles asset \
    assets attempt attempts audit auth author authors avatar avatars backup balance ban banned \
    bans basket baskets batch billing blacklist block blocked blocks blog board boards body book \
    booking bookings books bot bots brand brands breaker bucket buckets budget buffer build \
    builds bulk by cache cached caches calendar call callback campaign campaigns capacity \
    captcha card cards cart carts catalog categories category challenge channel channels chat \
    chats check checkout checksum circuit cities city claim claims client clients cluster code \
    codes collection collections comment comments companies company config configs configuration \
    connection connections consumer consumers contact contacts content contents context cooldown \
    counter counters countries country coupon coupons course courses credentials credit cron \
    csrf currencies currency current cursor customer customers daily dashboard data database \
    date dates day days dead debug default delay delayed delivery department device devices \
    digest discount discounts dispatch dlq doc docs document documents domain domains done \
    downloads draft drafts driver drivers email emails employee employees endpoint entities \
    entity entries entry error errors etag event events example expired expiry export exports \
    external failed failure failures fallback favorite favorites feature features feed feedback \
    feeds field fields file files filter filters fingerprint flag flags flash folder folders \
    follower followers following for forecast forgot form forms forum found friend friends from \
    full game games gateway geo global goal grant group groups guest guests guild handler hash \
    hashes health heartbeat history hit hits home hook host hosts hotel hotels hour hourly html \
    http id idempotency idempotent identity ids image images import imports in inbox index \
    indexes info init instance instances integration internal inventory invite invites invoice \
    invoices ip item items job jobs json key keys kind label labels language languages last \
    latest lead leader leaderboard leaderboards leads ledger lesson level like likes limit \
    limiter limits link links list listing listings lists live local locale location locations \
    lock locks log login logins logout logs lookup mail map mapping market marketing markets \
    media member members membership memberships memory menu menus merchant merchants message \
    messages meta metadata metric metrics mfa migration minute model models module modules month \
    monthly name names namespace new news newsletter next node nodes nonce note notes \
    notification notifications oauth object objects offer offers office offline offset old \
    online open operation operations option options order orders org organization organizations \
    orgs origin otp outbox overview owner owners package packages page pages parent participants \
    partner partners password path payment payments payout payouts pending permission \
    permissions phone photo photos pin pins place places plan plans platform play player players \
    playlist playlists plugin plugins point points policies policy poll polls pool popular post \
    posts preferences presence preview price prices pricing primary private process processed \
    processing processor product products profile profiles progress project projects promo \
    promotion promotions property provider proxy public published push queue queues quota quotas \
    quote quotes rank ranking rankings rate ratelimit rates rating ratings raw read reader ready \
    realtime recent recipe recommendation recommendations record records redirect refresh refund \
    region regions registry release reminder replica report reports request requests reservation \
    reservations reset resource resources response restaurant restaurants result results retries \
    retry review reviews reward rewards role roles room rooms root route router routes routing \
    rule rules run runs sale sales sandbox schedule scheduled scheduler schedules schema score \
    scores search searches season seat seats secondary secret section sections seen segment \
    segments sent seq sequence series server servers service services session sessions set \
    setting settings shadow shard share shared shipment shipments shipping shop shops shutdown \
    signal signals signup site sites slot slots slug snapshot snapshots social sort source \
    sources space spaces staff stage staging stat state states static stats status stock stocks \
    storage store stores story stream streams student students subscriber subscribers \
    subscription subscriptions suggest suggestions summary support survey sync synced system \
    table tables tag tags target targets task tasks tax team teams temp template templates \
    tenant tenants test tests text theme thread threads throttle thumbnail thumbnails ticket \
    tickets time timeline timer timestamp title tmp to todo token tokens top topic topics total \
    totals trace track tracking tracks trade trades traffic transaction transactions transfer \
    transfers translation translations trending trial trip trips ttl type types ui unique unread \
    update updated updates upload uploads uri url urls usage used user users validation value \
    values variant vehicle vehicles vendor vendors venue verification verified verify version \
    versions video videos view viewer viewers views visit visitor visitors visits vote votes \
    voucher wait waiting waitlist wallet wallets warehouse warehouses watch weather web webhook \
    webhooks website week weekly whitelist widget widgets window wishlist work worker workers \
    workflow workflows workspace workspaces write year zone zones";

static COMMON_WORDS: LazyLock<FxHashSet<&'static [u8]>> =
    LazyLock::new(|| COMMON.split_ascii_whitespace().map(str::as_bytes).collect());

static NAMED: LazyLock<RwLock<FxHashSet<Box<[u8]>>>> = LazyLock::new(RwLock::default);
static ANY_NAMED: AtomicBool = AtomicBool::new(false);

/// Adds words of the application. They hold for the process, as templates do.
pub(crate) fn add<'a>(words: impl IntoIterator<Item = &'a str>) {
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    for word in words {
        if named.len() < MOST_NAMED {
            named.insert(word.as_bytes().into());
        }
    }
    ANY_NAMED.store(!named.is_empty(), Ordering::Release);
}

/// Says whether `word` may be shown anywhere: one of the list, one that was added, `v1`.
pub(super) fn is_common(word: &[u8]) -> bool {
    COMMON_WORDS.contains(word) || is_version(word) || is_named(word)
}

/// Returns the words of the list.
#[cfg(test)]
pub(super) fn common() -> impl Iterator<Item = &'static str> {
    COMMON.split_ascii_whitespace()
}

/// Says whether the application added `word`.
pub(super) fn is_named(word: &[u8]) -> bool {
    let named = || NAMED.read().unwrap_or_else(PoisonError::into_inner);
    ANY_NAMED.load(Ordering::Acquire) && named().contains(word)
}

fn is_version(word: &[u8]) -> bool {
    matches!(word, [b'v', digits @ ..] if matches!(digits.len(), 1 | 2) && digits.iter().all(u8::is_ascii_digit))
}
