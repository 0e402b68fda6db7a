# azd runs this before it provisions; the azd environment's values are in the environment.
# The token cache's key must be in Key Vault before anybody signs in. It is made here once; postprovision removes it again.
$ErrorActionPreference = 'Stop'

if (-not $env:AZURE_KEY_VAULT_NAME -and -not $env:HUNTER_TOKEN_CACHE_KEY) {
    # A Fernet key: 32 random bytes in url-safe base64. A leading hyphen would be taken for an option.
    $bytes = New-Object byte[] 32
    [System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
    $key = [Convert]::ToBase64String($bytes).Replace('+', '-').Replace('/', '_') -replace '^-', 'A'
    azd env set HUNTER_TOKEN_CACHE_KEY $key
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
    Write-Host 'Made a key for the token cache; it goes to Key Vault.'
}

# A budget keeps the month in which it began: a later deployment with another one would be refused.
if ($env:HUNTER_MONTHLY_BUDGET -and $env:HUNTER_MONTHLY_BUDGET -ne '0' -and -not $env:HUNTER_BUDGET_START) {
    azd env set HUNTER_BUDGET_START "$((Get-Date).ToUniversalTime().ToString('yyyy-MM'))-01"
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

# The secret itself is given once; that there is one must be known at every later deployment too.
if ($env:HUNTER_PARTNER_CENTER_CLIENT_SECRET) {
    azd env set HUNTER_PARTNER_CENTER_USES_CLIENT_SECRET true
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}
