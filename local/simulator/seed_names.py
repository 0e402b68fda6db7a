"""Words that the seed is made of: fictional companies, people, deals."""

# Microsoft's fictional companies, and made-up Turkish, German and English ones. The second element is the domain's part.
ROOTS = (
    ("Contoso", "contoso"),
    ("Fabrikam", "fabrikam"),
    ("Northwind", "northwind"),
    ("Adatum", "adatum"),
    ("Tailspin", "tailspin"),
    ("Wingtip", "wingtip"),
    ("Litware", "litware"),
    ("Proseware", "proseware"),
    ("Relecloud", "relecloud"),
    ("Woodgrove", "woodgrove"),
    ("Lucerne", "lucerne"),
    ("VanArsdel", "vanarsdel"),
    ("Fourth Coffee", "fourthcoffee"),
    ("Coho", "coho"),
    ("Humongous", "humongous"),
    ("Munson's", "munsons"),
    ("Trey", "trey"),
    ("Bellows", "bellows"),
)
TURKISH_ROOTS = (
    ("Yıldıztepe", "yildiztepe"),
    ("Işıklar", "isiklar"),
    ("Gümüşova", "gumusova"),
    ("İncesu", "incesu"),
    ("Şahinkaya", "sahinkaya"),
    ("Çamlıbel", "camlibel"),
    ("Ağaçlı", "agacli"),
    ("Ünyeli", "unyeli"),
    ("Öztepe", "oztepe"),
    ("Kızılırmak", "kizilirmak"),
    ("İğdeli", "igdeli"),
    ("Bağlarbaşı", "baglarbasi"),
)
# by country: sectors (name, domain part), legal forms, public suffixes, (city, postal code) and currency
TURKISH_SECTORS = (
    ("Bilişim", "bilisim"),
    ("Lojistik", "lojistik"),
    ("Gıda", "gida"),
    ("Tekstil", "tekstil"),
    ("İnşaat", "insaat"),
    ("Sağlık", "saglik"),
    ("Enerji", "enerji"),
    ("Otomotiv", "otomotiv"),
    ("Mobilya", "mobilya"),
    ("Sigorta", "sigorta"),
)
GERMAN_SECTORS = (
    ("Maschinenbau", "maschinenbau"),
    ("Logistik", "logistik"),
    ("Energie", "energie"),
    ("Möbel", "moebel"),
    ("Versicherung", "versicherung"),
    ("Lebensmittel", "lebensmittel"),
)
ENGLISH_SECTORS = (
    ("Logistics", "logistics"),
    ("Foods", "foods"),
    ("Textiles", "textiles"),
    ("Energy", "energy"),
    ("Health", "health"),
    ("Insurance", "insurance"),
    ("Robotics", "robotics"),
    ("Retail", "retail"),
)
COUNTRIES = {
    "TR": (
        TURKISH_SECTORS,
        ("A.Ş.", "Ltd. Şti.", "San. ve Tic. A.Ş.", "Tic. Ltd. Şti.", ""),
        ("com.tr", "com.tr", "com", "net.tr", "org.tr"),
        (("İstanbul", "34394"), ("Ankara", "06510"), ("İzmir", "35210"), ("Iğdır", "76000"), ("Eskişehir", "26130")),
        "TRY",
    ),
    "US": (
        ENGLISH_SECTORS,
        ("Inc.", "LLC", "Corp.", ""),
        ("com", "com", "net", "org"),
        (("Redmond", "98052"), ("Chicago", "60601"), ("Austin", "73301")),
        "USD",
    ),
    "DE": (
        GERMAN_SECTORS,
        ("GmbH", "AG", "GmbH & Co. KG"),
        ("de", "de", "com"),
        (("München", "80331"), ("Köln", "50667"), ("Berlin", "10115")),
        "EUR",
    ),
    "GB": (
        ENGLISH_SECTORS,
        ("Ltd", "Limited", "plc"),
        ("co.uk", "co.uk", "com", "org.uk"),
        (("London", "EC1A 1BB"), ("Leeds", "LS1 1UR")),
        "GBP",
    ),
    "NL": (ENGLISH_SECTORS, ("B.V.", "N.V."), ("nl", "com"), (("Utrecht", "3511"),), "EUR"),
    "AE": (ENGLISH_SECTORS, ("LLC", "FZE"), ("ae", "com"), (("Dubai", ""),), "USD"),
}
COUNTRY_WEIGHTS = {"TR": 45, "US": 18, "DE": 14, "GB": 10, "NL": 6, "AE": 7}

FIRST_NAMES = (
    "Ayşe", "Mehmet", "Işıl", "İbrahim", "Gülşah", "Çağrı", "Özge", "Ümit", "Elif", "Burak",
    "Anna", "Jürgen", "Sue", "John", "Olivia", "Liam", "Noor", "Sanne", "Zoë", "José",
)  # fmt: skip
LAST_NAMES = (
    "Yılmaz", "Öztürk", "Şahin", "Işık", "Çelik", "Güneş", "İnan", "Ağaoğlu", "Kılıç", "Demir",
    "Müller", "Smith", "Doe", "O'Neil", "van Dijk", "Schröder", "Walker", "Haddad", "García", "Brown",
)  # fmt: skip
TITLES = ("IT Manager", "CIO", "Genel Müdür", "Satın Alma Uzmanı", "Head of Data", None, None, "")
DEALS = (
    "Azure geçişi", "Microsoft 365 rollout", "Dynamics 365 Business Central", "Veri ambarı", "Copilot pilot",
    "Teams telephony", "SAP auf Azure", "Security assessment", "Power BI raporlama", "Yedekleme & DR",
)  # fmt: skip
NOTES = (
    "We are interested in deploying Microsoft 365 and are looking for support in training our employees.",
    "Müşteri teklif bekliyor; karar yıl sonundan önce.",
    "<p>Called on Monday.<br>Wants a <b>demo</b> &amp; a price.</p>",
    "Budget approved.\r\nNext step: workshop.\r\n\r\nContact prefers e-mail.",
    "Kunde möchte bis Quartalsende entscheiden.",
    "",
    None,
)
INDUSTRIES = (
    "Education", "Financial Services", "Government", "Healthcare", "Manufacturing", "Retail & Consumer Goods",
    "Agriculture, Forestry, & Fishing", "Power & Utilities", "Travel & Transportation",
)  # fmt: skip
PRODUCTS = (
    "Azure",
    "Dynamics365Business",
    "Microsoft365",
    "PowerBI",
    "Teams",
    "SQL",
    "DynamicsAX,GP,NAV,SL",
    "Windows",
)
SERVICES = ("ConsultingAndProfessional", "DeploymentOrMigration", "ManagedServices", "IPServices(ISV)", "Licensing")
SOLUTIONS = (
    ("SOL-15974-MQF", "Hunter Cloud Migration", "Name"),
    ("SOL-21007-KXR", "Hunter Security Baseline", "Name"),
    ("SOL-Microsoft365", "Microsoft365", "Name"),
    ("AdvancedAnalytics", "Advanced analytics", "Category"),
    ("00000000-0000-4000-8000-000000000501", "Sample solution", "Name"),
)
SIZES = (
    "1to9employees", "10to50employees", "51to250employees", "251to1000employees", "1001to5000employees",
    "Morethan20000employees", "1to50employees", "", None,
)  # fmt: skip
SALES_STAGES = (
    None, None, None, None, "Qualify", "Develop", "Propose", "Close", "10", "20", "40", "60", "80", "100",
    "Negotiated", "Qualified",
)  # fmt: skip
HELP = ("GeneralOrOther", "CustomerTechnicalArchitecture", "ProofOfConceptOrDemo", "QuotesOrLicensing")
FREE_MAIL = (
    "gmail.com", "hotmail.com", "outlook.com", "hotmail.com.tr", "yandex.com.tr", "gmx.de", "yahoo.co.uk",
    "icloud.com", "live.nl", "web.de",
)  # fmt: skip
BAD_ADDRESSES = ("", None, "n/a", "sue.smith", "info@", "@contoso.com", "a b@c", "x@localhost", "user@10.0.0.1", "-")
DECLINES = ("Budget", "No customer response", "Other vendor chosen", "Müşteri vazgeçti", "1", None)
# consultants: one domain for customers that have nothing in common
CONSULTANTS = (
    ("danismanlik-grubu.com.tr", 5),
    ("adatum-consulting.com", 4),
)
